"""Scores of one network or several to probabilities.

A network's scores are log-odds, but those of no network mean what they say: temperature scaling (Guo, Pleiss, Sun,
Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 9) with one bias a class (the vector
scaling of the same paper, section 4.2, with the slopes tied together). Several networks are joined in the same step,
as a logarithmic opinion pool whose weights are fitted (Genest, Zidek, "Combining Probability Distributions",
Statistical Science 1:114, 1986, section 3.3): a sure network that errs gets a small weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Calibration:
    """softmax(sum over networks of slope * log-odds, plus bias)."""

    slopes: tuple[float, ...]
    bias: tuple[float, ...]

    def __call__(self, odds: Tensor) -> Tensor:
        """B x K x C log-odds of K networks to B x C probabilities; each row sums to 1."""
        slopes = torch.tensor(self.slopes, dtype=torch.double)[:, None]
        return ((odds.double() * slopes).sum(1) + torch.tensor(self.bias, dtype=torch.double)).softmax(1)


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
