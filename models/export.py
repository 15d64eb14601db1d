"""From a training run to a release in ``weights/``: weights without pickle, calibration, thresholds, registry.

Everything is chosen on ``val``. The classifier's boxes come from the released segmenter, as in serving.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file, save
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from torch import Tensor

from models.calibration import fit
from models.cards import write_card
from models.classes import CLASSES, SUSPICIOUS
from models.classification import ClassifierConfig, predict
from models.data import Lesions
from models.fixcaps import ViewAverage
from models.metrics import Interval
from models.release import (
    CalibrationEntry,
    ClassifierEntry,
    ClassifierInput,
    SegmenterEntry,
    SegmenterInput,
    Trial,
)
from models.segmentation import SegmenterConfig
from models.segmenter import find_lesions, load_segmenter
from models.train import TrainingError
from models.views import cut_views

DATA: Final = (
    "HAM10000 (Tschandl, Rosendahl, Kittler, Scientific Data 5:180161, 2018, doi:10.7910/DVN/DBW86T), "
    "8,268 training and 919 validation images"
)
LICENCE: Final = "CC BY-NC 4.0"
WANTED_SENSITIVITY: Final = 0.95
"""Share of val's mel, bcc and akiec that must raise a warning."""
CERTAIN_SHARE: Final = 0.995
"""Share of val's lesions that the segmenter's least score must let through."""


def export_segmenter(run: Path, version: str, weights: Path, val: Lesions, config: SegmenterConfig) -> SegmenterEntry:
    """Release the best epoch of a run. Weights are kept in half precision, which is what is measured afterwards."""
    state = {name: value.half() if value.is_floating_point() else value for name, value in _best(run).items()}
    file, digest = _store(state, weights, f"{config.network}-{version}")
    entry = SegmenterEntry(
        name=config.network, version=version, file=file, sha256=digest, architecture={"network": config.network},
        metrics={}, data=DATA, licence=LICENCE, classes=("lesion",),
        input=SegmenterInput(size=config.size), min_score=0.0,
    )  # fmt: skip
    network = load_segmenter(weights / file, config.network)
    best = [find_lesions(network, [image], config.size, min_score=0.001)[0] for image in val.images]
    scores = [outlines[0].score if outlines else 0.0 for outlines in best]
    entry = entry.model_copy(update={"min_score": round(float(np.quantile(scores, 1 - CERTAIN_SHARE)), 3)})
    _register(weights, entry)
    return entry


def export_classifier(
    runs: list[Path], version: str, weights: Path, val: Lesions, configs: list[ClassifierConfig]
) -> ClassifierEntry:
    """Release the best epochs of runs, one a view, with calibration and thresholds fitted on ``val``.

    Each view alone is measured too, with the released segmenter's boxes.

    Raises:
        TrainingError: the runs differ in more than their view.
    """
    config = configs[0]
    if any(replace(other, view=config.view, augment=config.augment) != config for other in configs):
        raise TrainingError("networks that are averaged must have one architecture and one size")
    name = "fixcaps-ds" if config.separable else "fixcaps"
    network = ViewAverage(len(runs), config.size, config.kernel, config.separable)
    for member, run in zip(network.members, runs, strict=True):
        member.load_state_dict(_best(run))
    file, digest = _store(network.state_dict(), weights, f"{name}-{version}")
    views = tuple(other.view for other in configs)
    found = served_boxes(weights, val)
    cut = [
        cut_views(image, box, views, config.size, config.margin) for image, box in zip(val.images, found, strict=True)
    ]
    photos, labels = torch.from_numpy(np.stack(cut)), torch.from_numpy(val.labels)
    trials = [
        _trial(f"view {view} alone", predict(member, photos[:, index], torch.device("cpu")), labels)
        for index, (view, member) in enumerate(zip(views, network.members, strict=True))
    ]
    lengths = predict(network, photos, torch.device("cpu"))
    calibration = fit(lengths, labels)
    probabilities = calibration(lengths)
    trials.append(_trial("released", lengths, labels))
    entry = ClassifierEntry(
        name=name, version=version, file=file, sha256=digest,
        architecture={"size": config.size, "kernel": config.kernel, "separable": config.separable},
        metrics={}, data=DATA, licence=LICENCE, classes=CLASSES,
        input=ClassifierInput(size=config.size, views=views, margin=config.margin),
        calibration=CalibrationEntry(temperature=calibration.temperature, bias=calibration.bias),
        thresholds=dict.fromkeys(SUSPICIOUS, warning_threshold(probabilities, labels)), trials=tuple(trials),
    )  # fmt: skip
    _register(weights, entry)
    return entry


def warning_threshold(probabilities: Tensor, labels: Tensor) -> float:
    """The highest threshold on mel, bcc and akiec, rounded down, at which 95 % of these three raise a warning.

    Args:
        probabilities: N x 7, calibrated.
        labels: N class indices.
    """
    columns = [CLASSES.index(name) for name in SUSPICIOUS]
    highest = probabilities[:, columns].amax(1)[torch.isin(labels, torch.tensor(columns))]
    return float(np.floor(np.quantile(highest.numpy(), 1 - WANTED_SENSITIVITY, method="lower") * 1e4) / 1e4)


def served_boxes(weights: Path, lesions: Lesions) -> list[tuple[float, float, float, float] | None]:
    """The released segmenter's best box for each photo; None where it finds nothing."""
    entry = SegmenterEntry.model_validate(_served(_read(weights), "segmenter"))
    network = load_segmenter(weights / entry.file, entry.architecture["network"])
    boxes: list[tuple[float, float, float, float] | None] = []
    for image in lesions.images:
        found = find_lesions(network, [image], entry.input.size, min_score=entry.min_score)[0]
        boxes.append(found[0].box if found else None)
    return boxes


def _best(run: Path) -> dict[str, Tensor]:
    return load_file(run / "best.safetensors")


def _store(state: dict[str, Tensor], weights: Path, stem: str) -> tuple[str, str]:
    weights.mkdir(parents=True, exist_ok=True)
    path = weights / f"{stem}.safetensors"
    path.write_bytes(save(state))  # save_file would leave it unreadable to other users
    return path.name, hashlib.sha256(path.read_bytes()).hexdigest()


def record_metrics(weights: Path, split: str, classifier: dict[str, Interval], segmenter: dict[str, Interval]) -> None:
    """Write a report's figures beside the served models and into their cards; undefined figures are left out."""
    release = _read(weights)
    for kind, found in (("classifier", classifier), ("segmenter", segmenter)):
        known = {name: [round(end, 5) for end in value] for name, value in found.items() if not np.isnan(value).any()}
        _served(release, kind)["metrics"][split] = known
    _write(weights, release)
    write_card(ClassifierEntry.model_validate(_served(release, "classifier")), weights)
    write_card(SegmenterEntry.model_validate(_served(release, "segmenter")), weights)


def read_config(run: Path) -> ClassifierConfig | SegmenterConfig:
    """The configuration of a training run.

    Raises:
        TrainingError: the folder holds no run.
    """
    path = run / "state.pt"
    if not path.is_file():
        raise TrainingError(f"{path}: no training run is there")
    config = torch.load(path, map_location="cpu", weights_only=True)["settings"]["config"]
    return SegmenterConfig(**config) if "network" in config else ClassifierConfig(**config)


def _register(weights: Path, entry: ClassifierEntry | SegmenterEntry) -> None:
    """Put a release into the registry, in place of one of the same name and version, and serve it."""
    release = _read(weights)
    kind = "classifier" if isinstance(entry, ClassifierEntry) else "segmenter"
    others = [old for old in release[f"{kind}s"] if (old["name"], old["version"]) != (entry.name, entry.version)]
    release[f"{kind}s"] = [*others, entry.model_dump(mode="json")]
    release[kind] = entry.key
    _write(weights, release)


def _served(release: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        entry for entry in release[f"{kind}s"] if f"{entry['name']}-{entry['version']}" == release[kind]
    )
    return found


def _read(weights: Path) -> dict[str, Any]:
    """The registry as plain JSON: while the first release is made it is not complete enough for ``load_release``."""
    path = weights / "registry.json"
    release: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {"classifiers": [], "segmenters": []}
    return release


def _write(weights: Path, release: dict[str, Any]) -> None:
    part = weights / "registry.part"
    part.write_text(json.dumps(release, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, weights / "registry.json")


def _trial(what: str, lengths: Tensor, labels: Tensor) -> Trial:
    predicted = fit(lengths, labels)(lengths).argmax(1).numpy()
    return Trial(
        what=what,
        accuracy=round(float(accuracy_score(labels, predicted)), 4),
        balanced_accuracy=round(float(balanced_accuracy_score(labels, predicted)), 4),
    )
