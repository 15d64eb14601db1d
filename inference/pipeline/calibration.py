"""Scores of one network or several to probabilities.

A network's scores are log-odds, but those of no network mean what they say: temperature scaling (Guo, Pleiss, Sun,
Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 9) with one bias a class (the vector
scaling of the same paper, section 4.2, with the slopes tied together). Several networks are joined in the same step,
as a logarithmic opinion pool whose weights are shrunk (Genest, Zidek, "Combining Probability Distributions",
Statistical Science 1:114, 1986, section 3.3): a sure network that errs gets a small weight.
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
        """B x K x C log-odds of K networks to B x C probabilities; each row sums to 1."""
        joined = np.einsum("bkc,k->bc", odds.astype(np.float64), np.array(self.slopes)) + np.array(self.bias)
        shares = np.exp(joined - joined.max(1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True))
