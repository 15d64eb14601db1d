"""Figures of a classifier's answers, each with a 95 % interval.

The figures are scikit-learn's. Two are computed from its results. The mean area under the curves is over the classes
that are in the sample. The expected calibration error is the mean gap of scikit-learn's calibration curve, weighted by
the photos of each bin (Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation
3). The bootstrap draws lesions, because photos of one lesion are not independent.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from inference.classes import CLASSES, SUSPICIOUS

BINS: Final = 15
SPECIFICITY: Final = 0.85
"""The specificity at which the sensitivity for melanoma is read from its ROC curve."""
ROUNDS: Final = 1000
SHARES: Final = frozenset(
    {
        *("accuracy", "melanoma_sensitivity", "melanoma_specificity", "melanoma_warned", "refused"),
        *("warning_sensitivity", "warning_specificity", "benign_warned", "domain_right"),
        *(f"{kind}_{name}" for kind in ("recall", "precision") for name in CLASSES),
    }
)
"""Figures that are shares of photos."""

Interval = tuple[float, float, float]
"""Estimate, lower and upper end of the 95 % interval."""


@dataclass(frozen=True)
class Answers:
    """The answers to N photos.

    Attributes:
        labels: N true class indices.
        predicted: N answered class indices; -1 if no class was given.
        probabilities: N x 8, rows sum to 1; NaN if no class was given.
        warned: N bool, whether the risk was above low.
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


def balanced_accuracy(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Mean recall of the classes that occur. scikit-learn's own function warns if another class is predicted.

    Args:
        truth: N class indices.
        predicted: N class indices, or -1 for none.

    Returns:
        In [0, 1]; NaN without pictures.
    """
    if not len(truth):
        return float("nan")
    return float(recall_score(truth, predicted, labels=np.unique(truth), average="macro"))


def figures(answers: Answers) -> dict[str, float]:
    """All figures by name. A photo without an answered class counts as wrong.

    Areas under curves and the calibration error count only photos with an answered class. A figure that is undefined
    for the sample (no photo of a class) is NaN.
    """
    truth, predicted = answers.labels, answers.predicted
    classes = list(range(len(CLASSES)))
    melanoma = CLASSES.index("mel")
    suspicious = np.isin(truth, [CLASSES.index(name) for name in SUSPICIOUS])
    with warnings.catch_warnings():  # a resample may lack a rare class, which gives NaN; refusals are no class
        warnings.simplefilter("ignore")
        precisions, recalls, _, _ = precision_recall_fscore_support(
            truth, predicted, labels=classes, zero_division=np.nan
        )
        balanced = balanced_accuracy(truth, predicted)
        ranking = _ranking(answers)
    found = {
        "accuracy": float(accuracy_score(truth, predicted)),
        "balanced_accuracy": balanced,
        "macro_f1": float(f1_score(truth, predicted, labels=classes, average="macro", zero_division=0)),
        "melanoma_sensitivity": float(recalls[melanoma]),
        "melanoma_specificity": _specificity(truth == melanoma, predicted == melanoma),
        "warning_sensitivity": float(recall_score(suspicious, answers.warned, zero_division=np.nan)),
        "warning_specificity": _specificity(suspicious, answers.warned),
        "melanoma_warned": float(answers.warned[truth == melanoma].mean()) if (truth == melanoma).any() else np.nan,
        **ranking,
        "refused": float(np.mean(predicted == -1)),
    }
    found |= {f"recall_{name}": float(recalls[i]) for i, name in enumerate(CLASSES)}
    found |= {f"precision_{name}": float(precisions[i]) for i, name in enumerate(CLASSES)}
    return found


@dataclass(frozen=True)
class Bin:
    """Photos whose highest probability p is ``low`` < p <= ``high``.

    Attributes:
        photos: how many.
        mean: their mean highest probability.
        right: share of them whose class is right.
    """

    low: float
    high: float
    photos: int
    mean: float
    right: float


def reliability(answers: Answers) -> list[Bin]:
    """scikit-learn's calibration curve of the highest probability, in 15 equal bins without the empty ones."""
    given = answers.predicted >= 0
    if not given.any():
        return []
    confidence = answers.probabilities[given].max(1)
    correct = answers.predicted[given] == answers.labels[given]
    right, mean = calibration_curve(correct, confidence, n_bins=BINS, strategy="uniform")
    # calibration_curve does not return the sizes of its bins, so this assigns photos to bins in the same way.
    edges = np.linspace(0, 1, BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=BINS)
    return [
        Bin(float(edges[place]), float(edges[place + 1]), int(counts[place]), float(said), float(true))
        for place, said, true in zip(np.flatnonzero(counts), mean, right, strict=True)
    ]


def confusion(answers: Answers) -> NDArray[np.int64]:
    """scikit-learn's confusion matrix: 8 true classes x 8 answered ones and a last column for photos without a
    class."""
    columns = [*range(len(CLASSES)), -1]
    return np.asarray(confusion_matrix(answers.labels, answers.predicted, labels=columns)[:-1], np.int64)


def bootstrap(
    measure: Callable[[NDArray[np.int64]], dict[str, float]],
    groups: Sequence[str],
    rounds: int = ROUNDS,
    seed: int = 1,
    shares: Collection[str] = SHARES,
) -> dict[str, Interval]:
    """Estimate figures with their 95 % percentile intervals.

    Where all photos of a share are right, or none, every draw is the same. Such a share gets the exact interval
    (Clopper-Pearson) of the lesions that count for it.

    Args:
        measure: computes the figures of the photos with the given row numbers.
        groups: lesion id of each photo; the bootstrap draws lesions, not photos.
        shares: the names of the figures that are shares of photos.
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
    extreme = [name for name, value in estimate.items() if name in shares and value in (0, 1)]
    alone = [measure(rows) for rows in members] if extreme else []
    for name in extreme:
        lesions = sum(not np.isnan(found[name]) for found in alone)
        least = 0.025 ** (1 / lesions)  # with this share, all lesions of one sample in 40 are right
        intervals[name] = (1, least, 1) if estimate[name] == 1 else (0, 0, 1 - least)
    return intervals


def _ranking(answers: Answers) -> dict[str, float]:
    given = answers.predicted >= 0
    truth = answers.labels[given, None] == np.arange(len(CLASSES))
    if not given.any():
        return dict.fromkeys(("roc_auc", "melanoma_roc_auc", "melanoma_at_specificity", "ece"), float("nan"))
    # NaN for a class that no photo has, or all photos have.
    areas = roc_auc_score(truth, answers.probabilities[given], average=None)
    melanoma = CLASSES.index("mel")
    false_alarms, sensitivity, _ = roc_curve(truth[:, melanoma], answers.probabilities[given, melanoma])
    reached = sensitivity[false_alarms <= 1 - SPECIFICITY]  # with melanomas only there are no false alarms
    bins = reliability(answers)
    gaps, photos = [abs(each.mean - each.right) for each in bins], [each.photos for each in bins]
    return {
        "roc_auc": float(np.nanmean(areas)),
        "melanoma_roc_auc": float(areas[melanoma]),
        "melanoma_at_specificity": float(reached.max()) if len(reached) else float("nan"),
        "ece": float(np.average(gaps, weights=photos)),
    }


def _specificity(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    """Recall of the negatives."""
    return float(recall_score(truth, said, pos_label=False, zero_division=np.nan))
