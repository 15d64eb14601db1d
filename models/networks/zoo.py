"""Every classifier by name: builds a new one, or loads a released one."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, cast, get_args

from torch import nn

from models.networks.efficientnet import Pretrained, lite
from models.networks.fixcaps import FixCaps
from models.networks.fixcaps_published import PublishedFixCaps
from models.networks.onnx_weights import fill

Name = Literal[
    "fixcaps",
    "fixcaps-ds",
    "fixcaps-published",
    "efficientnet-lite0",
    "efficientnet-lite2",
    "resnet50",
    "vit-b16",
    "dinov2-lora",
    "dinov2-small-lora",
    "yolov8n-cls",
]
NAMES: Final[tuple[Name, ...]] = get_args(Name)


def build(name: Name, size: int, kernel: int, *, pretrained: bool = True) -> nn.Module:
    """Build a classifier, ready to be trained.

    Args:
        name: of the network.
        size: side of the square input in pixels.
        kernel: side of FixCaps' large kernel; other networks have none.
        pretrained: start from ImageNet weights, if the network has any.
    """
    if name == "fixcaps-published":
        return PublishedFixCaps(size, kernel)
    if name.startswith("fixcaps"):
        return FixCaps(size, kernel, separable=name == "fixcaps-ds")
    if name.startswith("efficientnet"):
        return Pretrained(lite(int(name[-1]), pretrained=pretrained))
    from models.networks import others  # it imports libraries that our own networks do not need

    return others.build(name, size, pretrained=pretrained)


def load(path: Path, name: str, size: int, kernel: int) -> nn.Module:
    """Rebuild a released classifier from its ONNX file, in evaluation mode; see ``build``."""
    network = build(cast(Name, name), size, kernel, pretrained=False)
    fill(network, path.read_bytes())
    return network.eval()
