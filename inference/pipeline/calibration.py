"""Turns the scores of one network or several into calibrated probabilities.

A network's scores are log-odds, but not calibrated ones. The remedy is temperature scaling (Guo, Pleiss, Sun,
Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 9) with one bias for each class (the vector
scaling of the same paper, section 4.2, with equal slopes). The same step joins several networks as a logarithmic
opinion pool with shrunk weights (Genest, Zidek, "Combining Probability Distributions", Statistical Science 1:114, 1986,
section 3.3). A network that is sure but often wrong gets a small weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Calibration:
    """softmax(sum over networks of slope * log-odds, plus bias)."""

    slopes: tuple[float, ...]
    bias: tuple[float, ...]

    def __call__(self, odds: NDArray[np.float32]) -> NDArray[np.float64]:
        """B x C probabilities from B x K x C log-odds of K networks; each row sums to 1."""
        joined = np.einsum("bkc,k->bc", odds.astype(np.float64), np.array(self.slopes)) + np.array(self.bias)
        shares = np.exp(joined - joined.max(1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True))
