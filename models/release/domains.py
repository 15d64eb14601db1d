"""Fits what depends on the domain, on held-out answers: calibration, warnings, and the classifier of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from inference.classes import CLASSES, SUSPICIOUS
from inference.domains import Domain, DomainClassifier
from inference.pipeline.calibration import Calibration
from inference.registry.schema import DomainEntry

FOLDS: Final = 5
EVENNESS: Final = 0.5
"""How much calibration favours rare classes: 0 fits to the sets' own shares, 1 to classes that are equally frequent."""
WANTED: Final[dict[Domain, float]] = {"dermatoscope": 0.95, "phone": 0.93}
"""Share of the malignant and pre-malignant lesions of ``val``, and of the melanomas, that must raise a warning."""

HIGHEST: Final = 0.12
"""This probability of melanoma raises a warning in any case."""
EVEN: Final = 0.5
"""So does this probability of all malignant and pre-malignant classes together, so that a named cancer always raises a
warning."""

Odds = NDArray[np.float32]
Labels = NDArray[np.int64]


def evened(labels: Labels, evenness: float = EVENNESS) -> NDArray[np.float64]:
    """N weights of photos by their class, with mean 1; see ``EVENNESS``."""
    weights = np.bincount(labels, minlength=len(CLASSES)).clip(1)[labels].astype(float) ** -evenness
    return np.asarray(weights / weights.mean())


def fit_calibration(odds: Odds, labels: Labels, weights: NDArray[np.float64]) -> Calibration:
    """Fit slopes and biases by weighted maximum likelihood (L-BFGS) with a weak prior on the biases.

    Args:
        odds: N x K x C log-odds.
        labels: N class indices.
        weights: N, mean 1.
    """
    given, wanted, weight = torch.from_numpy(odds).double(), torch.from_numpy(labels), torch.from_numpy(weights)
    slopes = torch.full((odds.shape[1], 1), 1 / odds.shape[1], dtype=torch.double, requires_grad=True)
    bias = torch.zeros(odds.shape[2], dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([slopes, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        losses = F.cross_entropy((given * slopes).sum(1) + bias, wanted, reduction="none")
        loss = (losses * weight).mean() + bias.square().sum() / (2 * len(labels))
        loss.backward()
        return loss

    optimizer.step(closure)
    return Calibration(tuple(slopes.flatten().tolist()), tuple((bias - bias.mean()).tolist()))


def folds(labels: Labels, groups: list[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Five pairs of rows to fit on and rows to evaluate; no group is in both."""
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1)
    yield from splitter.split(labels, labels, groups)


def cross_fitted(odds: Odds, labels: Labels, weights: NDArray[np.float64], groups: list[str]) -> NDArray[np.float64]:
    """N x C probabilities. The calibration for a photo is fitted on other groups."""
    found = np.empty((len(labels), odds.shape[2]))
    for kept, left in folds(labels, groups):
        found[left] = fit_calibration(odds[kept], labels[kept], weights[kept])(odds[left])
    return found


def suspicion(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """N probabilities of all malignant and pre-malignant classes together."""
    return np.asarray(probabilities[:, [CLASSES.index(name) for name in SUSPICIOUS]].sum(1))


def warned(probabilities: NDArray[np.float64], suspicious: float, melanoma: float) -> NDArray[np.bool_]:
    """Which of N photos raise a warning; see ``inference.registry.schema.DomainEntry``."""
    return (suspicion(probabilities) >= suspicious) | (probabilities[:, CLASSES.index("mel")] >= melanoma)


def fit_warnings(probabilities: NDArray[np.float64], labels: Labels, wanted: float) -> tuple[float, float]:
    """Fit the two thresholds of a warning so that the fewest benign lesions raise one.

    Args:
        probabilities: N x C, cross-fitted.
        labels: N class indices.
        wanted: share of the suspicious lesions, and of the melanomas, that must raise a warning.

    Returns:
        The thresholds on all suspicious classes together and on melanoma.
    """
    suspect = np.isin(labels, [CLASSES.index(name) for name in SUSPICIOUS])
    melanoma = labels == CLASSES.index("mel")
    together, alone = suspicion(probabilities), probabilities[:, CLASSES.index("mel")]
    own_limits = np.unique(np.quantile(alone[melanoma], np.linspace(0, 0.6, 61), method="lower").clip(0, HIGHEST))
    best = (np.inf, 0.0, 0.0)
    for limit in np.unique(np.quantile(together[suspect], np.linspace(0, 0.3, 61), method="lower").clip(0, EVEN)):
        for own in own_limits:
            said = (together >= limit) | (alone >= own)
            if said[suspect].mean() >= wanted and said[melanoma].mean() >= wanted:
                best = min(best, (float(said[~suspect].mean()), float(limit), float(own)))
    return float(np.floor(best[1] * 1e4) / 1e4), float(np.floor(best[2] * 1e4) / 1e4)


def fit_domain(
    odds: Odds, labels: Labels, weights: NDArray[np.float64], groups: list[str], wanted: float
) -> DomainEntry:
    """Calibration and warnings of one domain, fitted on ``val``; see ``fit_warnings``."""
    calibration = fit_calibration(odds, labels, weights)
    suspicious, melanoma = fit_warnings(cross_fitted(odds, labels, weights, groups), labels, wanted)
    return DomainEntry(slopes=calibration.slopes, bias=calibration.bias, suspicious=suspicious, melanoma=melanoma)


def fit_domain_classifier(
    features: NDArray[np.float32], phone: NDArray[np.bool_], strength: float = 0.1
) -> DomainClassifier:
    """Fit the classifier of the domain by regularised maximum likelihood; both domains have the same weight.

    Args:
        features: N x D.
        phone: N bool, whether each was taken by phone or camera.
        strength: of the data against the prior, for standardised features.
    """
    if phone.all() or not phone.any():  # only one domain is in the data
        return DomainClassifier(
            np.zeros(features.shape[1], np.float32), np.array([1.0 if phone.any() else -1.0], np.float32)
        )
    values = features.astype(np.float64)
    mean, spread = values.mean(0), values.std(0) + 1e-3
    fitted = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")
    fitted.fit((values - mean) / spread, phone)
    weight = fitted.coef_[0] / spread
    bias = fitted.intercept_ - weight @ mean
    return DomainClassifier(weight.astype(np.float32), np.atleast_1d(bias).astype(np.float32))
