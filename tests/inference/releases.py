"""Releases for the tests: a network with random weights behind simple ones, in a folder that the registry accepts.

Their answers mean nothing, but the whole road runs: files, verification, gate, both networks, calibration, thresholds.
"""

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save
from torch import Tensor, nn

from inference.classes import CLASSES
from inference.domains import DOMAINS
from inference.registry.file import AnyEntry, RegistryFile
from inference.registry.schema import (
    ClassifierEntry,
    ClassifierInput,
    DomainEntry,
    FileEntry,
    GateEntry,
    Member,
    SegmenterEntry,
    SegmenterInput,
)
from inference.registry.tensors import DETECTIONS, EXPLAIN, FEATURES, LOG_ODDS, LOGITS, SQUARES
from models.networks import zoo
from models.release import onnx as onnx_file

Kind = Literal["classifier", "segmenter", "gate"]

CLASSIFIER_FILE: Final = "fixcaps-0.0.1.onnx"
SEGMENTER_FILE: Final = "yolov8n-seg-0.0.1.onnx"
GATE_FILE: Final = "gate-0.0.1.safetensors"
BACKBONE_FILE: Final = "backbone-0.0.1.onnx"
FRAME: Final = (128, 96)
"""Width and height of what the segmenter reads."""
BACKBONE: Final = ClassifierInput(size=32, view="whole", margin=1.4)
"""What the gate's backbone reads."""


class DarkSpot(nn.Module):
    """Stands in for the segmenter, which takes ten seconds to convert: whatever is dark is a lesion."""

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor]:
        light = F.avg_pool2d(squares.float().mean(3)[:, None], 4)[:, 0] / 255
        box = torch.tensor([[0.1, 0.1, 0.9, 0.9, 0.9], [0.0] * 5, [0.0] * 5]) * torch.tensor([*FRAME, *FRAME, 1])
        return box.expand(squares.shape[0], -1, -1), (0.55 - light)[:, None].expand(-1, 3, -1, -1)


def write_release(folder: Path) -> Path:
    """Write registry.json and the files; the calibration favours nevi, so that these win."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    network = zoo.build("fixcaps", 64, 18)
    network.digits.weight.data *= 5  # untrained capsules are too short to tell photos apart
    (folder / CLASSIFIER_FILE).write_bytes(onnx_file.convert(network, 64))
    traced = onnx_file.traced(DarkSpot(), FRAME, [DETECTIONS, LOGITS])
    (folder / SEGMENTER_FILE).write_bytes(onnx_file.content(traced))
    write_backbone(folder / BACKBONE_FILE)
    write_gate(folder / GATE_FILE, [4.0, 0.0, 0.0])  # it takes everything for a lesion
    common = {"version": "0.0.1", "metrics": {"val": {"accuracy": (0.5, 0.4, 0.6)}}, "data": "none", "licence": "none"}
    square = ClassifierInput(size=64, view="lesion", margin=1.4)
    member = Member(network="fixcaps", kernel=18, served=served(folder / CLASSIFIER_FILE), input=square)
    classifier = ClassifierEntry(
        **common,
        name="fixcaps",
        classes=CLASSES,
        members=(member,),
        domains=dict.fromkeys(DOMAINS, domain()),
        trials=(),
    )
    segmenter = SegmenterEntry(
        **common, name="yolov8n-seg", network="yolov8n-seg", classes=("lesion",), min_score=0.25,
        served=served(folder / SEGMENTER_FILE), input=SegmenterInput(width=FRAME[0], height=FRAME[1]),
    )  # fmt: skip
    gate = GateEntry(
        **common, name="gate", threshold=0.0, trials=(), input=BACKBONE,
        served=served(folder / GATE_FILE), backbone=served(folder / BACKBONE_FILE),
    )  # fmt: skip
    RegistryFile().register(classifier).register(segmenter).register(gate).save(folder)
    return folder


def domain(
    suspicious: float = 0.9, melanoma: float = 0.5, favoured: str = "nv", slopes: tuple[float, ...] = (1.0,)
) -> DomainEntry:
    """How one domain is calibrated and warned of."""
    bias = tuple(3.0 * (code == favoured) for code in CLASSES)
    return DomainEntry(slopes=slopes, bias=bias, suspicious=suspicious, melanoma=melanoma)


def write_gate(path: Path, bias: list[float], phone: float = -1.0) -> None:
    """A gate that says the same of everything, and takes everything for a phone's photo where `phone` is above 0."""
    stored = {"weight": np.zeros((3, 3)), "bias": bias, "phone.weight": np.zeros(3), "phone.bias": [phone]}
    path.write_bytes(save({name: np.array(value, np.float32) for name, value in stored.items()}))


def write_backbone(path: Path) -> None:
    """Stands in for the network that gives the gate its features: its features are the photo's mean colour."""
    nodes = [
        helper.make_node("Cast", [SQUARES], ["light"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["light"], [FEATURES], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", [FEATURES, "nothing"], [LOG_ODDS]),
        # It explains nothing, but is asked as networks are that do.
        helper.make_node("Not", [EXPLAIN], ["unused"]),
    ]
    given = [
        helper.make_tensor_value_info(SQUARES, TensorProto.UINT8, ["photos", BACKBONE.size, BACKBONE.size, 3]),
        helper.make_tensor_value_info(EXPLAIN, TensorProto.BOOL, []),
    ]
    answers = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["photos", length])
        for name, length in ((LOG_ODDS, len(CLASSES)), (FEATURES, 3))
    ]
    nothing = numpy_helper.from_array(np.zeros((3, len(CLASSES)), np.float32), "nothing")
    graph = helper.make_graph(nodes, "backbone", given, answers, [nothing])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def served(path: Path) -> FileEntry:
    """A file as the registry names it."""
    return FileEntry(file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def edit_registry(folder: Path, kind: Kind, **fields: Any) -> None:
    """Change fields of what is served."""
    registry = RegistryFile.load(folder)
    entry: AnyEntry = getattr(registry, f"served_{kind}")
    registry.replace(entry.with_changes(**fields)).save(folder)


def open_gate(folder: Path) -> None:
    """Let the gate take everything for a lesion: drawn ones do not pass the gate that is released."""
    edit_registry(folder, "gate", threshold=-1000.0)


def edit_member(folder: Path, **fields: Any) -> None:
    """Change fields of the classifier's one network."""
    [member] = RegistryFile.load(folder).served_classifier.members
    edit_registry(folder, "classifier", members=(member.model_copy(update=fields),))


def accept(folder: Path, name: str) -> None:
    """Let the registry take whatever lies in a served file now."""
    if name == CLASSIFIER_FILE:
        edit_member(folder, served=served(folder / name))
    elif name == BACKBONE_FILE:
        edit_registry(folder, "gate", backbone=served(folder / name))
    else:
        edit_registry(folder, "gate" if name == GATE_FILE else "segmenter", served=served(folder / name))
