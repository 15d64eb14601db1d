"""Releases for the tests: networks with random weights, in a folder that the registry accepts.

Their answers mean nothing, but the whole road runs: files, verification, both networks, calibration, thresholds.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from models.classes import CLASSES
from models.fixcaps import ViewAverage
from models.segmenter import build_segmenter

CLASSIFIER_FILE: Final = "fixcaps-0.0.1.safetensors"
SEGMENTER_FILE: Final = "yolov8n-seg-0.0.1.safetensors"


def write_release(folder: Path) -> Path:
    """Write registry.json and both files; the calibration favours nevi, so that these win."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    classifier = {"size": 64, "kernel": 18, "separable": False}
    network = ViewAverage(1, **classifier)
    network.members[0].digits.weight.data *= 5  # untrained capsules are too short to tell photos apart
    save_file(network.state_dict(), folder / CLASSIFIER_FILE)
    segmenter = {"network": "yolov8n-seg"}
    detector = build_segmenter(**segmenter)
    # An untrained detector is sure of nothing; these biases make it sure, and fill the box it finds.
    head = detector.model[-1]
    for scores, coefficients in zip(head.cv3, head.cv4, strict=True):
        scores[-1].bias.data.fill_(2.0)
        coefficients[-1].bias.data.fill_(1.0)
    head.proto.cv3.bn.bias.data.fill_(1.0)
    save_file({name: tensor.contiguous() for name, tensor in detector.state_dict().items()}, folder / SEGMENTER_FILE)
    common = {"version": "0.0.1", "metrics": {"val": {"accuracy": [0.5, 0.4, 0.6]}}, "data": "none", "licence": "none"}
    registry = {
        "classifier": "fixcaps-0.0.1",
        "segmenter": "yolov8n-seg-0.0.1",
        "classifiers": [
            {
                **common,
                "name": "fixcaps",
                "file": CLASSIFIER_FILE,
                "sha256": sha256(folder / CLASSIFIER_FILE),
                "architecture": classifier,
                "classes": CLASSES,
                "input": {"size": 64, "views": ["lesion"], "margin": 1.4},
                "calibration": {"temperature": 1.0, "bias": [3.0 * (code == "nv") for code in CLASSES]},
                "thresholds": {"mel": 0.5, "bcc": 0.5, "akiec": 0.5},
                "trials": [],
            }
        ],
        "segmenters": [
            {
                **common,
                "name": "yolov8n-seg",
                "file": SEGMENTER_FILE,
                "sha256": sha256(folder / SEGMENTER_FILE),
                "architecture": segmenter,
                "classes": ["lesion"],
                "input": {"size": 128},
                "min_score": 0.25,
            }
        ],
    }
    (folder / "registry.json").write_text(json.dumps(registry), encoding="utf-8")
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def edit_registry(folder: Path, kind: str, **fields: Any) -> None:
    """Change fields of the one entry under `kind` ("classifiers" or "segmenters")."""
    path = folder / "registry.json"
    registry = json.loads(path.read_text(encoding="utf-8"))
    registry[kind][0].update(fields)
    path.write_text(json.dumps(registry), encoding="utf-8")
