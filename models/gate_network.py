"""The gate's network: a linear classifier of three kinds on what an ImageNet network makes of the photo half-way.

The first stages of EfficientNet-Lite0 stay as ImageNet left them, and what they give is averaged over the square. They
know the textures and colours of everything that people photograph; later stages know things by their names and tell
bare skin from a lesion worse. Fitting the linear layer with everyday pictures as examples of what is no lesion is
outlier exposure (Hendrycks, Mazeika, Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019).
"""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn

from models import zoo
from models.gate import KINDS

SIZE: Final = 160
"""Side of the square input in pixels."""
STAGES: Final = 5
FEATURES: Final = 112
"""Channels after so many stages."""


class GateNetwork(nn.Module):
    """Scores of ``KINDS``; ``pretrained`` begins with ImageNet's weights, as half precision holds them."""

    def __init__(self, *, pretrained: bool = True) -> None:
        super().__init__()
        network = zoo.lite(0, pretrained=pretrained)
        stages = [network.get_submodule(f"blocks.{number}") for number in range(STAGES)]
        self.trunk = nn.Sequential(network.get_submodule("conv_stem"), network.get_submodule("bn1"), *stages)
        self.trunk.half().float()
        self.linear = nn.Linear(FEATURES, len(KINDS))

    def features(self, images: Tensor) -> Tensor:
        """B x 112 averages over B x 3 x S x S photos, RGB, float in [0, 1]."""
        return cast(Tensor, self.trunk(images * 2 - 1)).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """B x 3 x S x S photos, as ``features`` takes them, to B x 3 log-probabilities of ``KINDS``."""
        return torch.log_softmax(self.linear(self.features(images)), 1)
