"""From a training run to a release in ``weights/``: network files, calibration, thresholds, registry.

Everything is chosen on ``val``. Segmenter and classifier see its photos in their canonical pose, the classifier in the
boxes of the released segmenter, as in serving.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GroupKFold
from torch import Tensor

from inference.classes import CLASSES
from inference.domains import DOMAINS
from inference.pipeline.crops import crop
from inference.pipeline.masks import letterbox
from inference.registry.file import REGISTRY_FILE, AnyEntry, EntryT, RegistryFile
from inference.registry.schema import (
    DIGITS,
    SCORE_SHARE,
    ClassifierEntry,
    ClassifierInput,
    DomainEntry,
    FileEntry,
    JointEntry,
    Member,
    SegmenterEntry,
    SegmenterInput,
    Trial,
)
from inference.registry.tensors import DETECTIONS, SQUARES
from models.data.ham10000 import CITATION, Lesions, Split
from models.evaluation.evaluate import Evaluation
from models.evaluation.metrics import Interval, balanced_accuracy
from models.networks import zoo
from models.networks.segmenter import build_segmenter, find_lesions, load_segmenter
from models.release import onnx
from models.release.calibrate import fit
from models.release.cards import write_card
from models.release.domains import fit_warnings
from models.release.trained import Trained
from models.training.classification import ClassifierConfig, predict
from models.training.segmentation import SegmenterConfig

DATA: Final = f"{CITATION}, 8,268 training and 919 validation images"
LICENCE: Final = "CC BY-NC 4.0"
WANTED_SENSITIVITY: Final = 0.95
"""Share of val's malignant and pre-malignant lesions, and of its melanomas, that must raise a warning."""
FOLDS: Final = 5


def export_segmenter(
    trained: Trained, config: SegmenterConfig, version: str, weights: Path, val: Lesions
) -> SegmenterEntry:
    """Release a trained segmenter, with its least score chosen on ``val``."""
    if trained.released:
        served = kept(trained.file, weights)
    else:
        network = build_segmenter(config.network)
        trained.fill(network)
        served = store(onnx.convert_segmenter(network, config.frame), weights / f"{config.network}-{version}.onnx")
    entry = SegmenterEntry(
        name=config.network, version=version, network=config.network, served=served,
        metrics={}, data=DATA, licence=LICENCE, classes=("lesion",),
        input=SegmenterInput(width=config.frame[0], height=config.frame[1]), min_score=0.0,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(weights / entry.served.file)
    scores = [
        session.run([DETECTIONS], {SQUARES: letterbox(image, config.frame)[0][None]})[0][0, 4]
        for image in val.posed().images
    ]
    entry = entry.model_copy(update={"min_score": round(SCORE_SHARE * float(min(scores)), 3)})
    register(weights, entry)
    return entry


def export_classifier(
    trained: list[Trained], configs: list[ClassifierConfig], version: str, weights: Path, val: Lesions
) -> ClassifierEntry:
    """Release trained networks as one classifier, with calibration and thresholds fitted on ``val``.

    Each network alone is measured too, with the released segmenter's boxes.
    """
    name = "+".join(dict.fromkeys(config.name for config in configs))
    val = val.posed()
    boxes, labels = served_boxes(weights, val), torch.from_numpy(val.labels)
    files, scores = [], []
    for each, config in zip(trained, configs, strict=True):
        network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
        each.fill(network)
        if each.released:
            files.append(kept(each.file, weights))
        else:
            path = weights / f"{config.name}-{version}-{config.view}.onnx"
            files.append(store(onnx.convert(network, config.size), path))
        squares = [crop(image, box if config.view == "lesion" else None, config.size, config.margin)
                   for image, box in zip(val.images, boxes, strict=True)]  # fmt: skip
        scores.append(predict(network, torch.from_numpy(np.stack(squares)), torch.device("cpu")))
    odds = torch.stack(scores, 1)
    calibration = fit(odds, labels)
    suspicious, melanoma = fit_warnings(calibration(odds.numpy()), val.labels, WANTED_SENSITIVITY)
    both = DomainEntry(slopes=calibration.slopes, bias=calibration.bias, suspicious=suspicious, melanoma=melanoma)
    trials = [
        *(
            _trial(f"{config.name}, {config.view}, alone", odds[:, [index]], val)
            for index, config in enumerate(configs)
        ),
        _trial("released", odds, val),
    ]
    entry = ClassifierEntry(
        name=name, version=version, metrics={}, data=DATA, licence=LICENCE, classes=CLASSES,
        members=tuple(
            Member(
                network=config.name, kernel=config.kernel, served=served,
                input=ClassifierInput(size=config.size, view=config.view, margin=config.margin),
            )
            for config, served in zip(configs, files, strict=True)
        ),
        domains=dict.fromkeys(DOMAINS, both), trials=tuple(trials),
    )  # fmt: skip
    register(weights, entry)
    return entry


def convert_again(weights: Path) -> None:
    """Write the files of all networks anew from the weights in them, and their new hashes into registry and cards.

    The weights stay the same: this is for a new form of the files, see ``inference.registry.tensors``.
    """
    release = RegistryFile.load(weights)
    found: dict[str, FileEntry] = {}
    for segmenter in release.segmenters:
        network = load_segmenter(weights / segmenter.served.file, segmenter.network)
        content = onnx.convert_segmenter(network, segmenter.input.frame)
        found[segmenter.served.file] = store(content, weights / segmenter.served.file)
    for member in {member.served.file: member for entry in release.classifiers for member in entry.members}.values():
        classifier = zoo.load(weights / member.served.file, member.network, member.input.size, member.kernel)
        content = onnx.convert(classifier, member.input.size)
        found[member.served.file] = store(content, weights / member.served.file)
    converted = release.replace(
        *(
            entry.with_changes(
                members=[member.model_copy(update={"served": found[member.served.file]}) for member in entry.members]
            )
            for entry in release.classifiers
        ),
        *(entry.with_changes(served=found[entry.served.file]) for entry in release.segmenters),
        *(entry.with_changes(trunk=found.get(entry.trunk.file, entry.trunk)) for entry in release.gates),
    )
    converted.save(weights)
    for entry in converted.classifiers:
        write_card(entry, weights)
    write_card(converted.served_segmenter, weights)
    write_card(converted.served_gate, weights)


def served_boxes(weights: Path, lesions: Lesions) -> list[tuple[float, float, float, float] | None]:
    """The released segmenter's best box for each photo; None where it finds nothing."""
    entry = RegistryFile.load(weights).served_segmenter
    network = load_segmenter(weights / entry.served.file, entry.network)
    boxes: list[tuple[float, float, float, float] | None] = []
    for image in lesions.images:
        found = find_lesions(network, [image], entry.input.frame, min_score=entry.min_score)[0]
        boxes.append(found[0].box if found else None)
    return boxes


def store(content: bytes, path: Path) -> FileEntry:
    """Write a file beside the registry; returns what the registry says of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return FileEntry(file=path.name, sha256=hashlib.sha256(content).hexdigest())


def kept(path: Path, weights: Path) -> FileEntry:
    """A file of an earlier release under the name that it has."""
    return store(path.read_bytes(), weights / path.name)


def record_metrics(weights: Path, evaluation: Evaluation, classifier: str | None = None) -> None:
    """Write a report's figures beside the models and into their cards; undefined figures are left out.

    Args:
        weights: folder of registry.json.
        evaluation: the report's.
        classifier: NAME-VERSION of what was evaluated; None is the served one.
    """
    release = RegistryFile.load(weights)
    classified = _with_metrics(release.find_classifier(classifier), evaluation.split, evaluation.classifier)
    segmented = _with_metrics(release.served_segmenter, evaluation.split, evaluation.segmenter)
    release.replace(classified, segmented).save(weights)
    write_card(classified, weights)
    write_card(segmented, weights)


def record_refusals(weights: Path, split: Split, lesions: Interval, everyday: Interval) -> None:
    """Write what the served pipeline refuses, as ``models.gate.refusal`` measures it, beside the gate and into its
    card.

    Args:
        weights: folder of registry.json.
        split: whose lesions.
        lesions, everyday: shares of the lesions and of the everyday pictures that are refused.
    """
    release = RegistryFile.load(weights)
    entry = _with_metrics(release.served_gate, split, {"lesions_refused": lesions, "everyday_refused": everyday})
    release.replace(entry).save(weights)
    write_card(entry, weights)


def register(weights: Path, entry: AnyEntry) -> None:
    """Put a release into the registry, in place of one of the same name and version, and serve it."""
    known = RegistryFile.load(weights) if (weights / REGISTRY_FILE).is_file() else RegistryFile()
    known.register(entry).save(weights)


def register_joint(weights: Path, entry: JointEntry) -> None:
    """Put the model that joins photo and answers into the registry."""
    RegistryFile.load(weights).with_joint(entry).save(weights)


def released(weights: Path) -> tuple[SegmenterEntry, ClassifierEntry]:
    """The served segmenter and classifier, of a registry that may still lack a gate for them."""
    release = RegistryFile.load(weights)
    return release.served_segmenter, release.served_classifier


def _with_metrics(entry: EntryT, split: str, found: Mapping[str, Interval]) -> EntryT:
    """The entry with a split's figures; undefined ones are left out."""
    known = {name: [round(end, DIGITS) for end in value] for name, value in found.items() if not np.isnan(value).any()}
    return entry.with_changes(metrics={**entry.metrics, split: known})


def _trial(what: str, odds: Tensor, val: Lesions) -> Trial:
    """Each fifth of the lesions is answered by a calibration that was fitted on the others."""
    predicted, labels = np.empty_like(val.labels), torch.from_numpy(val.labels)
    for kept, left in GroupKFold(FOLDS).split(odds, groups=val.groups):
        predicted[left] = fit(odds[kept], labels[kept])(odds[left].numpy()).argmax(1)
    return Trial(
        what=what,
        accuracy=round(float(accuracy_score(val.labels, predicted)), 4),
        balanced_accuracy=round(balanced_accuracy(val.labels, predicted), 4),
    )
