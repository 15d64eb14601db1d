"""Makes a release in ``weights/`` from training runs: network files, calibration, warnings, registry.

All choices are made on ``val``, with photos prepared as in serving, and with the boxes of the segmenter that is served
with the classifier. ``test`` is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score

from inference.classes import CLASSES
from inference.domains import DOMAINS, Domain
from inference.pipeline.calibration import Calibration
from inference.registry.schema import (
    DIGITS,
    SCORE_SHARE,
    ClassifierEntry,
    DomainEntry,
    JointEntry,
    Member,
    SegmenterEntry,
    SegmenterInput,
    Trial,
)
from models.data.pictures import NO_CLASS, Photos, load_photos
from models.errors import TrainingError
from models.evaluation.metrics import balanced_accuracy
from models.release import answers
from models.release.domains import WANTED, Labels, cross_fitted, evened, fit_domain
from models.release.files import LICENCE, register, register_joint, registry, store
from models.release.outputs import Outputs, ReleasedNetworks
from models.release.trained import find, write_member, write_segmenter
from models.training.classification import ClassifierConfig
from models.training.segmentation import SegmenterConfig

PAD: Final = "PAD-UFES-20 (Pacheco et al., Data in Brief 32:106221, 2020, doi:10.1016/j.dib.2020.106221)"
DATA: Final = (
    "HAM10000 (Tschandl, Rosendahl, Kittler, Scientific Data 5:180161, 2018, doi:10.7910/DVN/DBW86T), "
    f"MILK10k (MILK study team, ISIC, 2025), {PAD}"
)
LEAST_SCORE_SHARE: Final = 0.002
"""Share of the lesions in ``val`` that may score below the segmenter's threshold."""
FURTHER_SCORE: Final = 0.3
"""An outline beside the best one is another lesion if it has this score or more. Chosen on ``val``, see
docs/tried.md."""
SOURCE_WEIGHTS: Final = {"ham10000": 1.0, "milk10k-dermatoscope": 0.5, "milk10k-camera": 1.0, "pad": 1.0}
"""Weight of a photo of each source in calibration."""


def export(
    sources: Sequence[Path], roots: Sequence[Path], version: str, weights: Path
) -> list[SegmenterEntry | ClassifierEntry]:
    """Release trained networks: a segmenter, a classifier, or both.

    Args:
        sources: folders of runs, or the ONNX files of networks that were released before: at most one segmenter, and
            the networks of one classifier. Without a segmenter the served one is kept.
        roots: folders of the sets; calibration and warnings are fitted to their photos.
        version: such as 2.0.0.
        weights: folder of registry.json.

    Returns:
        What was released.

    Raises:
        TrainingError: a source is no trained network, or they do not belong together.
        DataError: the data is incomplete.
    """
    trained = [find(source) for source in sources]
    segmenters = [(each, each.config) for each in trained if isinstance(each.config, SegmenterConfig)]
    classifiers = [(each, each.config) for each in trained if isinstance(each.config, ClassifierConfig)]
    if not trained:
        raise TrainingError("no run is named")
    if len(segmenters) > 1:
        raise TrainingError("a release has one segmenter")
    if not segmenters and registry(weights).segmenter is None:
        raise TrainingError(f"{weights}: a classifier is calibrated in the boxes of a segmenter, release one first")
    val = load_photos(roots, "val")
    found: list[SegmenterEntry | ClassifierEntry] = []
    for each, config in segmenters:
        served = write_segmenter(each, config, version, weights)
        entry = SegmenterEntry(
            name=config.network, version=version, network=config.network, served=served, metrics={}, data=DATA,
            licence=LICENCE, classes=("lesion",), min_score=0.0, further_score=FURTHER_SCORE,
            input=SegmenterInput(width=config.frame[0], height=config.frame[1]),
        )  # fmt: skip
        scores = ReleasedNetworks(weights, entry, ()).outputs(photo.pixels() for photo in val.photos).scores
        found.append(entry.with_changes(min_score=least_score(scores)))
        register(weights, found[-1])
    if classifiers:
        members = tuple(write_member(each, config, version, weights) for each, config in classifiers)
        networks = ReleasedNetworks(weights, registry(weights).served_segmenter, members)
        seen = networks.outputs(photo.pixels() for photo in val.photos)
        classifier = classify(val, seen, members, version)
        found.append(classifier)
        register(weights, classifier)
        join(roots, val, seen, classifier, weights)
    return found


def least_score(scores: NDArray[np.float32]) -> float:
    """The segmenter's threshold, from the scores of lesions; see ``LEAST_SCORE_SHARE`` and ``SCORE_SHARE``."""
    return round(SCORE_SHARE * float(np.quantile(scores, LEAST_SCORE_SHARE)), 4)


def classify(val: Photos, seen: Outputs, members: tuple[Member, ...], version: str) -> ClassifierEntry:
    """A classifier's entry, with calibration and warnings fitted on ``val``."""
    fitted: dict[Domain, DomainEntry] = {}
    trials = []
    for domain in DOMAINS:
        rows = of_domain(val, domain)
        if not len(rows):
            continue
        odds, labels, groups = seen.odds[rows], val.labels[rows], [val[row].group for row in rows]
        weights = weighed(val, rows)
        fitted[domain] = fit_domain(odds, labels, weights, groups, WANTED[domain])
        for number, member in enumerate(members):
            alone = cross_fitted(odds[:, [number]], labels, weights, groups)
            trials.append(_trial(f"{domain}: {member.network}, {member.input.view}, alone", alone, labels))
        trials.append(_trial(f"{domain}: released", cross_fitted(odds, labels, weights, groups), labels))
    # If the sets have only one kind of picture, the other kind gets the same calibration.
    fitted = {domain: fitted.get(domain, next(iter(fitted.values()))) for domain in DOMAINS}
    name = "+".join(dict.fromkeys(member.network for member in members))
    return ClassifierEntry(
        name=name, version=version, metrics={}, data=DATA, licence=LICENCE, classes=CLASSES, members=members,
        domains=fitted, trials=tuple(trials),
    )  # fmt: skip


def join(
    roots: Sequence[Path], val: Photos, seen: Outputs, classifier: ClassifierEntry, weights: Path
) -> JointEntry | None:
    """Release the model that joins photo and answers; None if no set has answers (only PAD-UFES-20 has them)."""
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
    """The weight of each row in calibration, with mean 1: by source, and higher for rare classes."""
    labels: Labels = photos.labels[rows]
    weights = evened(labels) * np.array([SOURCE_WEIGHTS[photos[row].source] for row in rows])
    return np.asarray(weights / weights.mean())


def _trial(what: str, probabilities: NDArray[np.float64], labels: Labels) -> Trial:
    said = probabilities.argmax(1)
    return Trial(
        what=what,
        accuracy=round(float(accuracy_score(labels, said)), DIGITS),
        balanced_accuracy=round(balanced_accuracy(labels, said), DIGITS),
    )
