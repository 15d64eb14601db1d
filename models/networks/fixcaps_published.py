"""FixCaps as its authors published it, to show the effect of our changes.

Source: Lan, Cai, He, Wen, IEEE Access 10:76261, 2022, and the authors' code. Differences from
``models.networks.fixcaps``:

* routing logits are averaged over the batch, so the answer to a photo depends on the other photos of its batch;
* the routing softmax runs over the input capsules, where Sabour et al. (2017) run it over the output capsules;
* vectors are squashed along the wrong axis (primary capsules over all capsules, digit capsules over the classes), so
  that lengths may exceed 1;
* fractional max pooling draws new regions at every pass, in evaluation too;
* the input is normalised with mean 0.5 and standard deviation 0.5.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.classes import CLASSES
from models.networks.fixcaps import (
    CHANNELS,
    GRID,
    POOLED,
    DigitCapsules,
    FixCaps,
    FoldedConv2d,
    PrimaryCapsules,
    squash,
)


class PublishedPrimaryCapsules(PrimaryCapsules):
    """Primary capsules that are squashed over all capsules, one dimension at a time."""

    def forward(self, maps: Tensor) -> Tensor:
        return squash(self._units(maps), dim=1)


class PublishedDigitCapsules(DigitCapsules):
    """Digit capsules with routing logits averaged over the batch."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__(inputs, classes)
        nn.init.normal_(self.weight)

    def forward(self, capsules: Tensor) -> Tensor:
        votes = torch.matmul(capsules.transpose(0, 1), self.weight).transpose(0, 1)
        votes = votes.unflatten(2, (self.classes, -1))  # B x inputs x classes x 16
        logits = votes.new_zeros(votes.shape[1:3])
        for _ in range(self.rounds - 1):
            agreement = torch.einsum("bicd,bcd->ic", votes, self._gather(logits, votes)) / len(votes)
            logits = logits + agreement
        return self._gather(logits, votes)

    def _gather(self, logits: Tensor, votes: Tensor) -> Tensor:
        return squash(torch.einsum("ic,bicd->bcd", logits.softmax(dim=0), votes), dim=1)


class PublishedFixCaps(FixCaps):
    """The published network at any input size and kernel; see ``FixCaps``."""

    def __init__(self, size: int = 299, kernel: int = 31) -> None:
        super().__init__(size, kernel)
        self.primary = PublishedPrimaryCapsules(CHANNELS)
        self.digits = PublishedDigitCapsules(PrimaryCapsules.GROUPS * GRID**2, len(CLASSES))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | FoldedConv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        self.mean.fill_(0.5)
        self.std.fill_(0.5)

    def _features(self, images: Tensor) -> Tensor:
        maps = F.relu(self.stem((images - self.mean) / self.std))
        return cast(Tensor, self.attention(F.fractional_max_pool2d(maps, 2, POOLED)))

    def log_odds(self, lengths: Tensor) -> Tensor:
        """The lengths themselves: they may exceed 1, where no logarithm of odds is defined."""
        return lengths.float()
