"""Figures of a classifier's answers, each with a bootstrap interval.

Every figure is scikit-learn's. Photos of one lesion are drawn together, since they are no independent evidence.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from models.classes import CLASSES, SUSPICIOUS

BINS: Final = 15
ROUNDS: Final = 1000

Interval = tuple[float, float, float]
"""Estimate, lower and upper end of the 95 % bootstrap interval."""


@dataclass(frozen=True)
class Answers:
    """What was answered to N photos.

    Attributes:
        labels: N true class indices.
        predicted: N answered class indices; -1 where no class was given.
        probabilities: N x 7, rows sum to 1; NaN where no class was given.
        warned: N bool, the risk level was above low.
        groups: N lesion ids.
    """

    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    warned: NDArray[np.bool_]
    groups: tuple[str, ...]

    def take(self, rows: NDArray[np.int64]) -> Answers:
        groups = tuple(self.groups[row] for row in rows)
        return Answers(self.labels[rows], self.predicted[rows], self.probabilities[rows], self.warned[rows], groups)


def figures(answers: Answers) -> dict[str, float]:
    """All figures by name; a photo that was given no class counts as answered wrongly.

    Areas under curves and the calibration error are of the photos that were given a class. A figure that the sample
    does not define (no photo of a class) is NaN.
    """
    truth, predicted = answers.labels, answers.predicted
    classes = list(range(len(CLASSES)))
    every = {"labels": classes, "zero_division": np.nan}
    with warnings.catch_warnings():  # resamples may lack a rare class: NaN says it, and refusals are no class
        warnings.simplefilter("ignore")
        recalls = np.asarray(recall_score(truth, predicted, average=None, **every))
        precisions = np.asarray(precision_score(truth, predicted, average=None, **every))
        balanced = float(balanced_accuracy_score(truth, predicted))
    melanoma = CLASSES.index("mel")
    suspicious = np.isin(truth, [CLASSES.index(name) for name in SUSPICIOUS])
    found = {
        "accuracy": float(accuracy_score(truth, predicted)),
        "balanced_accuracy": balanced,
        "macro_f1": float(f1_score(truth, predicted, labels=classes, average="macro", zero_division=0)),
        "melanoma_sensitivity": _rate(predicted[truth == melanoma] == melanoma),
        "melanoma_specificity": _rate(predicted[truth != melanoma] != melanoma),
        "warning_sensitivity": _rate(answers.warned[suspicious]),
        "warning_specificity": _rate(~answers.warned[~suspicious]),
        **_ranking(answers),
        "refused": _rate(predicted == -1),
    }
    found |= {f"recall_{name}": float(recalls[i]) for i, name in enumerate(CLASSES)}
    found |= {f"precision_{name}": float(precisions[i]) for i, name in enumerate(CLASSES)}
    return found


def reliability(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Confidence, accuracy and share of photos of each non-empty one of 15 equal bins of the top probability."""
    given = answers.predicted >= 0
    if not given.any():
        return np.empty(0), np.empty(0), np.empty(0)
    confidence = answers.probabilities[given].max(1)
    correct = answers.predicted[given] == answers.labels[given]
    accuracy, mean = calibration_curve(correct, confidence, n_bins=BINS, strategy="uniform")
    # The same assignment to bins as calibration_curve makes.
    edges = np.linspace(0, 1, BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=BINS)
    return mean, accuracy, counts[counts > 0] / len(confidence)


def bootstrap(
    measure: Callable[[NDArray[np.int64]], dict[str, float]],
    groups: Sequence[str],
    rounds: int = ROUNDS,
    seed: int = 1,
) -> dict[str, Interval]:
    """Estimate figures with their 95 % percentile intervals.

    Args:
        measure: figures of the photos with the given row numbers.
        groups: lesion id of each photo; lesions, not photos, are drawn.
    """
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(owner, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(owner))[:-1])
    chance = np.random.default_rng(seed)
    estimate = measure(np.arange(len(groups)))
    drawn: dict[str, list[float]] = {name: [] for name in estimate}
    for _ in range(rounds):
        rows = np.concatenate([members[lesion] for lesion in chance.integers(0, len(names), len(names))])
        for name, value in measure(rows).items():
            drawn[name].append(value)
    intervals: dict[str, Interval] = {}
    for name, value in estimate.items():
        known = np.array(drawn[name])[~np.isnan(drawn[name])]
        low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
        intervals[name] = (value, float(low), float(high))
    return intervals


def _ranking(answers: Answers) -> dict[str, float]:
    given = answers.predicted >= 0
    truth, probabilities = answers.labels[given], answers.probabilities[given]
    mean, accuracy, share = reliability(answers)
    melanoma = CLASSES.index("mel")
    areas = [
        float(roc_auc_score(truth == index, probabilities[:, index]))
        for index in range(len(CLASSES))
        if 0 < (truth == index).sum() < len(truth)
    ]
    single = 0 < (truth == melanoma).sum() < len(truth)
    return {
        "roc_auc": float(np.mean(areas)) if areas else float("nan"),
        "melanoma_roc_auc": float(roc_auc_score(truth == melanoma, probabilities[:, melanoma]))
        if single
        else float("nan"),
        "ece": float((share * np.abs(mean - accuracy)).sum()) if len(share) else float("nan"),
    }


def _rate(hits: NDArray[np.bool_]) -> float:
    return float(np.mean(hits)) if len(hits) else float("nan")
