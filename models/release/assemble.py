"""Put runs on several sets together into one release: files, calibration and warnings by domain, domain, gate.

Everything is fitted on ``val`` (what tells the domain, and the gate, on ``train``); ``test`` is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score

from inference.classes import CLASSES
from inference.domains import DOMAINS, Domain, Teller
from inference.pipeline.calibration import Calibration
from inference.registry.schema import (
    DIGITS,
    ClassifierEntry,
    JointEntry,
    Member,
    SegmenterEntry,
    SegmenterInput,
    Trial,
)
from models.data.pictures import NO_CLASS, Photos, load_photos
from models.evaluation.metrics import balanced_accuracy
from models.gate.fit import trunk_of
from models.release import answers
from models.release.domains import WANTED, Labels, cross_fitted, evened, fit_domain, fit_teller
from models.release.export import LICENCE, register, register_joint, released, store
from models.release.looked import Looked, Watch
from models.release.trained_mixed import MixedRun, release_member, release_segmenter
from models.training.mixed import source_of
from models.training.mixed_segmentation import MixedSegmenterConfig

PAD: Final = "PAD-UFES-20 (Pacheco et al., Data in Brief 32:106221, 2020, doi:10.1016/j.dib.2020.106221)"
DATA: Final = (
    "HAM10000 (Tschandl, Rosendahl, Kittler, Scientific Data 5:180161, 2018, doi:10.7910/DVN/DBW86T), "
    f"MILK10k (MILK study team, ISIC, 2025), {PAD}"
)
LEAST_SCORE_SHARE: Final = 0.002
"""So many of ``val``'s lesions may score below the segmenter's least score."""
TELLING: Final = 900
"""So many photos of ``train`` of each source teach which domain a photo is of."""
SOURCE_WEIGHTS: Final = {"ham10000": 1.0, "milk10k-dermatoscope": 0.5, "milk10k-camera": 1.0, "pad": 1.0}
"""What a photo of each source counts in calibration."""


def assemble(
    roots: Sequence[Path], segmenter: Path, classifiers: Sequence[Path], version: str, weights: Path
) -> tuple[SegmenterEntry, ClassifierEntry]:
    """Release a segmenter and classifiers that belong together.

    Args:
        roots: folders of the sets.
        segmenter: its run.
        classifiers: runs of the classifier's networks; the first EfficientNet of whole photos gives the features.
        version: such as 2.0.0.
        weights: folder of registry.json.

    Returns:
        The registered releases.
    """
    run = MixedRun.read(segmenter)
    assert isinstance(run.config, MixedSegmenterConfig)
    frame = run.config.frame
    file = release_segmenter(run, version, weights)
    members = tuple(release_member(MixedRun.read(each), version, weights) for each in classifiers)
    watch = watching(weights / file.file, frame, members, weights)
    val = load_photos(roots, "val")
    seen = watch.look(val)
    entry = SegmenterEntry(
        name=run.config.network, version=version, network=run.config.network, served=file, metrics={},
        data=DATA, licence=LICENCE, classes=("lesion",), input=SegmenterInput(width=frame[0], height=frame[1]),
        min_score=least_score(seen.scores),
    )  # fmt: skip
    register(weights, entry)
    classifier = classify(val, seen, members, version)
    register(weights, classifier)
    join(roots, val, seen, classifier, weights)
    return entry, classifier


def watching(segmenter: Path, frame: tuple[int, int], members: Sequence[Member], weights: Path) -> Watch:
    """The released files, loaded."""
    return Watch(segmenter, frame, [(weights / member.served.file, member.input) for member in members])


def least_score(scores: NDArray[np.float32]) -> float:
    """Half of what all but a few lesions score; see ``LEAST_SCORE_SHARE``."""
    return round(float(np.quantile(scores, LEAST_SCORE_SHARE)) / 2, 4)


def classify(val: Photos, seen: Looked, members: tuple[Member, ...], version: str) -> ClassifierEntry:
    """A classifier's entry, its calibration and warnings fitted on ``val``."""
    fitted, trials = {}, []
    for domain in DOMAINS:
        rows = of_domain(val, domain)
        odds, labels, groups = seen.odds[rows], val.labels[rows], [val[row].group for row in rows]
        weights = weighed(val, rows)
        fitted[domain] = fit_domain(odds, labels, weights, groups, WANTED[domain])
        for number, member in enumerate(members):
            alone = cross_fitted(odds[:, [number]], labels, weights, groups)
            trials.append(_trial(f"{domain}: {member.network}, {member.input.view}, alone", alone, labels))
        trials.append(_trial(f"{domain}: released", cross_fitted(odds, labels, weights, groups), labels))
    name = "+".join(dict.fromkeys(member.network for member in members))
    return ClassifierEntry(
        name=name, version=version, metrics={}, data=DATA, licence=LICENCE, classes=CLASSES, members=members,
        domains=fitted, trials=tuple(trials),
    )  # fmt: skip


def join(
    roots: Sequence[Path], val: Photos, seen: Looked, classifier: ClassifierEntry, weights: Path
) -> JointEntry | None:
    """Release what joins the classifier's answer with a person's answers; None where no set has any (PAD-UFES-20)."""
    rows = np.flatnonzero([photo.dataset == "pad" for photo in val.photos])
    if not len(rows):
        return None
    train = load_photos(roots, "train").where(lambda photo: photo.dataset == "pad")
    answered = Photos(tuple(val[int(row)] for row in rows))
    limits = classifier.domains["phone"]
    probabilities = Calibration(limits.slopes, limits.bias)(seen.odds[rows])
    learnt = answers.evidence(answers.encoded(train), train.labels)
    joint = answers.fit_joint(probabilities, answers.encoded(answered), answered.labels, learnt)
    entry = JointEntry(
        name="answers", version=classifier.version, metrics={}, licence="CC BY 4.0", classifier=classifier.key,
        data=f"{PAD}, answers of {len(train)} training and {len(answered)} validation photos",
        served=store(joint.content(), weights / f"answers-{classifier.version}.safetensors"),
    )  # fmt: skip
    register_joint(weights, entry)
    return entry


def of_domain(photos: Photos, domain: Domain) -> NDArray[np.int64]:
    """Rows of a domain's photos that have a class."""
    chosen = [photo.domain == domain and photo.label != NO_CLASS for photo in photos.photos]
    return np.flatnonzero(chosen)


def weighed(photos: Photos, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each of these rows counts in calibration, mean 1: by source, rare classes more."""
    labels: Labels = photos.labels[rows]
    weights = evened(labels) * np.array([SOURCE_WEIGHTS[source_of(photos[row])] for row in rows])
    return np.asarray(weights / weights.mean())


def released_teller(roots: Sequence[Path], weights: Path) -> Teller:
    """Learn on ``train`` what tells the domain from the features of the released classifier."""
    segmenter, classifier = released(weights)
    trunk = trunk_of(classifier)
    watch = watching(weights / segmenter.served.file, segmenter.input.frame, [trunk], weights)
    limited = load_photos(roots, "train", TELLING)
    return fit_teller(watch.look(limited).features, np.array([photo.domain == "phone" for photo in limited.photos]))


def _trial(what: str, probabilities: NDArray[np.float64], labels: Labels) -> Trial:
    said = probabilities.argmax(1)
    return Trial(
        what=what,
        accuracy=round(float(accuracy_score(labels, said)), DIGITS),
        balanced_accuracy=round(balanced_accuracy(labels, said), DIGITS),
    )
