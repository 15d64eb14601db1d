"""Releases for the tests: networks with random weights, in a folder that the registry accepts.

Their answers mean nothing, but the whole road runs: files, verification, both networks, calibration, thresholds.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from models import onnx_file, zoo
from models.classes import CLASSES
from models.gate import Gate
from models.segmenter import build_segmenter

CLASSIFIER_FILE: Final = "fixcaps-0.0.1.onnx"
SEGMENTER_FILE: Final = "yolov8n-seg-0.0.1.safetensors"
GATE_FILE: Final = "gate-0.0.1.safetensors"


def write_release(folder: Path) -> Path:
    """Write registry.json and both files; the calibration favours nevi, so that these win."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    network = zoo.build("fixcaps", 64, 18)
    network.digits.weight.data *= 5  # untrained capsules are too short to tell photos apart
    (folder / CLASSIFIER_FILE).write_bytes(onnx_file.convert(network, 64))
    segmenter = {"network": "yolov8n-seg"}
    detector = build_segmenter(**segmenter)
    # An untrained detector is sure of nothing; these biases make it sure, and fill the box it finds.
    head = detector.model[-1]
    for scores, coefficients in zip(head.cv3, head.cv4, strict=True):
        scores[-1].bias.data.fill_(2.0)
        coefficients[-1].bias.data.fill_(1.0)
    head.proto.cv3.bn.bias.data.fill_(1.0)
    save_file({name: tensor.contiguous() for name, tensor in detector.state_dict().items()}, folder / SEGMENTER_FILE)
    gate = Gate(256)
    gate.linear.weight.data.zero_()
    gate.linear.bias.data = torch.tensor([4.0, 0.0, 0.0])  # it takes everything for a lesion
    save_file(gate.state_dict(), folder / GATE_FILE)
    common = {"version": "0.0.1", "metrics": {"val": {"accuracy": [0.5, 0.4, 0.6]}}, "data": "none", "licence": "none"}
    registry = {
        "classifier": "fixcaps-0.0.1",
        "segmenter": "yolov8n-seg-0.0.1",
        "gate": "gate-0.0.1",
        "classifiers": [
            {
                **common,
                "name": "fixcaps",
                "classes": CLASSES,
                "members": [
                    {
                        "network": "fixcaps",
                        "served": served(folder / CLASSIFIER_FILE),
                        "reference": served(folder / CLASSIFIER_FILE),
                        "kernel": 18,
                        "input": {"size": 64, "view": "lesion", "margin": 1.4},
                        "slope": 1.0,
                    }
                ],
                "bias": [3.0 * (code == "nv") for code in CLASSES],
                "thresholds": {"mel": 0.5, "bcc": 0.5, "akiec": 0.5},
                "trials": [],
            }
        ],
        "segmenters": [
            {
                **common,
                "name": "yolov8n-seg",
                **served(folder / SEGMENTER_FILE),
                "architecture": segmenter,
                "classes": ["lesion"],
                "input": {"size": 128},
                "min_score": 0.25,
            }
        ],
    }
    registry["gates"] = [
        {
            **common,
            "name": "gate",
            **served(folder / GATE_FILE),
            "segmenter": "yolov8n-seg-0.0.1",
            "segmenter_sha256": registry["segmenters"][0]["sha256"],
            "layers": [9],
            "features": 256,
            "threshold": 0.0,
            "trials": [],
        }
    ]
    (folder / "registry.json").write_text(json.dumps(registry), encoding="utf-8")
    return folder


def served(path: Path) -> dict[str, str]:
    """A file as the registry names it."""
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def edit_registry(folder: Path, kind: str, **fields: Any) -> None:
    """Change fields of the one entry under `kind` ("classifiers", "segmenters" or "gates")."""
    path = folder / "registry.json"
    registry = json.loads(path.read_text(encoding="utf-8"))
    registry[kind][0].update(fields)
    path.write_text(json.dumps(registry), encoding="utf-8")


def edit_member(folder: Path, **fields: Any) -> None:
    """Change fields of the classifier's one network."""
    member = json.loads((folder / "registry.json").read_text(encoding="utf-8"))["classifiers"][0]["members"][0]
    edit_registry(folder, "classifiers", members=[member | fields])


def accept(folder: Path, name: str) -> None:
    """Let the registry take whatever lies in a served file now."""
    if name == CLASSIFIER_FILE:
        edit_member(folder, served=served(folder / name))
    else:
        found = served(folder / name)
        edit_registry(folder, "segmenters", **found)
        edit_registry(folder, "gates", segmenter_sha256=found["sha256"])
