"""The gate: does a photo show a lesion on skin at all?

A linear classifier of three kinds reads what the segmenter's network makes of the photo anyway: the outputs of some of
its layers, averaged over the square. Fitting it with everyday pictures as examples of what is no lesion is outlier
exposure (Hendrycks, Mazeika, Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import SegmentationModel

KINDS: Final = ("lesion", "bare skin", "something else")
"""What the gate tells apart, in the order of its scores."""


@contextmanager
def watched(network: SegmentationModel, layers: Sequence[int]) -> Iterator[list[Tensor]]:
    """While this is open, every forward pass adds its features to the list: B x D, float32.

    Args:
        network: a YOLOv8 network; its layers are numbered as in ultralytics' YAML.
        layers: whose outputs are averaged over the square and joined, in ascending order.
    """
    seen: list[Tensor] = []
    parts: list[Tensor] = []

    def keep(_module: nn.Module, _given: object, output: Tensor) -> None:
        parts.append(output.float().mean((2, 3)))
        if len(parts) == len(layers):
            seen.append(torch.cat(parts, 1))
            parts.clear()

    modules = cast(nn.Sequential, network.model)
    hooks = [modules[layer].register_forward_hook(keep) for layer in layers]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


class Gate(nn.Module):
    """Scores of ``KINDS`` from D features."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, len(KINDS))

    def forward(self, features: Tensor) -> Tensor:
        """N x D features to N x 3 log-probabilities of ``KINDS``."""
        return torch.log_softmax(self.linear(features), 1)

    def lesion_odds(self, features: Tensor) -> Tensor:
        """N log-odds of a lesion against all else; a release's threshold is set on these."""
        scores = self.forward(features)
        return scores[:, 0] - torch.logsumexp(scores[:, 1:], 1)
