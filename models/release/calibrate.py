"""Fit the calibration of ``inference.pipeline.calibration`` on held-out scores."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.pipeline.calibration import Calibration


def fit(odds: Tensor, labels: Tensor) -> Calibration:
    """Fit on held-out data by maximum likelihood (L-BFGS), with a weak prior that keeps rare classes' biases small.

    Args:
        odds: N x K x C log-odds.
        labels: N class indices.
    """
    odds = odds.double()
    slopes = torch.full((odds.shape[1], 1), 1 / odds.shape[1], dtype=torch.double, requires_grad=True)
    bias = torch.zeros(odds.shape[2], dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([slopes, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy((odds * slopes).sum(1) + bias, labels)
        loss = loss + bias.square().sum() / (2 * len(labels))
        loss.backward()
        return loss

    optimizer.step(closure)
    centred = (bias - bias.mean()).tolist()
    return Calibration(tuple(slopes.flatten().tolist()), tuple(centred))
