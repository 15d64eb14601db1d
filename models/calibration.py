"""Capsule lengths to probabilities.

Lengths do not sum to 1 and are no probabilities. Temperature scaling (Guo, Pleiss, Sun, Weinberger, "On Calibration
of Modern Neural Networks", ICML 2017, equation 9) is applied to their log-odds, with one bias a class (the vector
scaling of the same paper, section 4.2, with the slopes tied together).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Calibration:
    """softmax(logit(length) / temperature + bias)."""

    temperature: float
    bias: tuple[float, ...]

    def __call__(self, lengths: Tensor) -> Tensor:
        """B x C lengths in [0, 1] to B x C probabilities; each row sums to 1."""
        odds = torch.logit(lengths.double(), eps=1e-4)
        return (odds / self.temperature + torch.tensor(self.bias, dtype=torch.double)).softmax(1)


def fit(lengths: Tensor, labels: Tensor) -> Calibration:
    """Fit on held-out data by maximum likelihood (L-BFGS), with a weak prior that keeps rare classes' biases small.

    Args:
        lengths: N x C capsule lengths.
        labels: N class indices.
    """
    odds = torch.logit(lengths.double(), eps=1e-4)
    log_temperature = torch.zeros(1, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(lengths.shape[1], dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(odds / log_temperature.exp() + bias, labels)
        loss = loss + bias.square().sum() / (2 * len(labels))
        loss.backward()
        return loss

    optimizer.step(closure)
    centred = (bias - bias.mean()).tolist()
    return Calibration(log_temperature.exp().item(), tuple(centred))
