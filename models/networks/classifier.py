"""The interface of every classifier."""

from __future__ import annotations

from typing import Protocol

import torch.nn.functional as F
from torch import Tensor


class Classifier(Protocol):
    """What a classifier has beyond an ``nn.Module``.

    Its forward pass takes B x 3 x S x S photos, RGB, float in [0, 1], and normalises them itself.
    """

    def __call__(self, images: Tensor) -> Tensor:
        """B x 8 outputs in the order of ``CLASSES``: capsule lengths, or logits."""

    def log_odds(self, outputs: Tensor) -> Tensor:
        """Turn outputs into scores. Their softmax, once calibrated, is a probability."""

    def loss(self, outputs: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
        """Mean loss of outputs against B class indices. A cross entropy smooths the labels."""

    def attribution(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The outputs, and B x 8 x G x G: how much each cell of a grid over the photos supported each class."""


class Logits:
    """A classifier whose outputs are logits."""

    def log_odds(self, outputs: Tensor) -> Tensor:
        return outputs.float()

    def loss(self, outputs: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
        return F.cross_entropy(outputs.float(), labels, label_smoothing=smoothing)
