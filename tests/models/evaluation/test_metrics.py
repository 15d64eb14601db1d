"""Figures and their intervals."""

import numpy as np
import pytest

from inference.classes import CLASSES
from models.evaluation.metrics import Answers, bootstrap, confusion, figures, reliability


def answers(labels: list[str], predicted: list[str | None], confidence: float = 0.76) -> Answers:
    truth = np.array([CLASSES.index(name) for name in labels])
    found = np.array([CLASSES.index(name) if name else -1 for name in predicted])
    probabilities = np.full((len(labels), len(CLASSES)), (1 - confidence) / (len(CLASSES) - 1))
    for row, column in enumerate(found):
        probabilities[row] = np.nan if column < 0 else probabilities[row]
        if column >= 0:
            probabilities[row, column] = confidence
    warned = np.isin(found, [CLASSES.index(name) for name in ("akiec", "bcc", "mel")])
    return Answers(truth, found, probabilities, warned, tuple(map(str, range(len(labels)))))


def test_rates_by_hand() -> None:
    found = figures(answers(["mel", "mel", "nv", "nv", "nv", "bcc"], ["mel", "nv", "nv", "nv", "mel", "mel"]))
    assert found["accuracy"] == pytest.approx(3 / 6)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    assert found["melanoma_sensitivity"] == pytest.approx(1 / 2)
    assert found["melanoma_specificity"] == pytest.approx(2 / 4)
    assert found["warning_sensitivity"] == pytest.approx(2 / 3)
    assert found["warning_specificity"] == pytest.approx(2 / 3)
    assert found["recall_nv"] == pytest.approx(2 / 3)
    assert found["precision_mel"] == pytest.approx(1 / 3)
    assert np.isnan(found["recall_df"])


def test_a_melanoma_named_otherwise_may_still_raise_the_warning() -> None:
    found = figures(answers(["mel", "mel", "mel", "bcc"], ["bcc", "mel", "nv", "nv"]))
    assert found["melanoma_warned"] == pytest.approx(2 / 3)
    assert found["melanoma_sensitivity"] == pytest.approx(1 / 3)


def test_a_refused_lesion_counts_as_wrong() -> None:
    found = figures(answers(["nv", "nv", "mel", "mel"], ["nv", None, "mel", None]))
    assert found["accuracy"] == 0.5
    assert found["balanced_accuracy"] == 0.5
    assert found["refused"] == 0.5


def test_refusing_everything_is_no_error() -> None:
    found = figures(answers(["nv", "mel"], [None, None]))
    assert (found["accuracy"], found["refused"]) == (0, 1)
    assert np.isnan(found["ece"]) and np.isnan(found["roc_auc"])


def test_the_sensitivity_for_melanoma_is_read_off_its_curve_at_a_specificity() -> None:
    """Of 20 others, 3 may rank above a melanoma for a specificity of 0.85, and the fourth may not."""
    ranked = ["mel", "nv", "nv", "mel", "nv", "mel", "nv", *["nv"] * 16, "mel"]
    found = answers(ranked, ["nv"] * len(ranked))
    found.probabilities[:, CLASSES.index("mel")] = np.linspace(0.9, 0.1, len(ranked))
    assert figures(found)["melanoma_at_specificity"] == pytest.approx(3 / 4)


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    found = answers(["nv"] * 10, ["nv"] * 5 + ["mel"] * 5, confidence=0.9)
    (only,) = reliability(found)
    assert (only.low, only.high) == pytest.approx((13 / 15, 14 / 15))
    assert (only.photos, only.mean, only.right) == (10, pytest.approx(0.9), 0.5)
    assert figures(found)["ece"] == pytest.approx(0.4)


def test_reliability_bins_agree_on_mixed_confidences() -> None:
    chance = np.random.default_rng(1)
    found = answers(["nv"] * 300, ["nv"] * 200 + ["bkl"] * 100)
    highest = chance.uniform(0.3, 1.0, 300)
    found.probabilities[np.arange(300), found.predicted] = highest
    bins = reliability(found)
    assert len(bins) == 11, "empty ones are left out"
    for each in bins:
        inside = (highest > each.low) & (highest <= each.high)
        assert (each.photos, each.mean) == (inside.sum(), pytest.approx(highest[inside].mean()))
        assert each.right == pytest.approx((found.predicted == found.labels)[inside].mean())
    gap = sum(each.photos * abs(each.mean - each.right) for each in bins) / 300
    assert figures(found)["ece"] == pytest.approx(gap)


def test_the_confusion_matrix_has_a_column_for_refused_photos() -> None:
    matrix = confusion(answers(["nv", "nv", "nv", "mel", "mel"], ["nv", None, "mel", "mel", None]))
    assert matrix.shape == (8, 9) and matrix.sum() == 5
    nv, mel = CLASSES.index("nv"), CLASSES.index("mel")
    assert matrix[nv].nonzero()[0].tolist() == [mel, nv, 8] and matrix[mel].nonzero()[0].tolist() == [mel, 8]


def test_a_rate_of_what_the_sample_lacks_is_not_defined() -> None:
    benign, malignant = figures(answers(["nv"] * 3, ["nv"] * 3)), figures(answers(["mel"] * 3, ["mel", "nv", None]))
    assert np.isnan(benign["melanoma_warned"])
    assert np.isnan(benign["melanoma_sensitivity"]) and np.isnan(benign["warning_sensitivity"])
    assert np.isnan(benign["melanoma_at_specificity"]) and np.isnan(malignant["melanoma_at_specificity"])
    assert np.isnan(malignant["melanoma_specificity"]) and np.isnan(malignant["warning_specificity"])
    assert benign["melanoma_specificity"] == benign["warning_specificity"] == 1
    assert malignant["melanoma_sensitivity"] == malignant["warning_sensitivity"] == pytest.approx(1 / 3)
    assert np.isnan(benign["roc_auc"]) and np.isnan(benign["melanoma_roc_auc"])


def test_interval_holds_the_estimate_and_narrows_with_more_photos() -> None:
    def width(count: int) -> float:
        hits = np.arange(count) % 4 == 0
        found = bootstrap(lambda rows: {"rate": float(hits[rows].mean())}, [str(i) for i in range(count)], rounds=300)
        estimate, low, high = found["rate"]
        assert low < estimate < high
        return high - low

    assert width(1000) < width(100) / 2


def test_photos_of_one_lesion_are_drawn_together() -> None:
    hits = np.repeat([True, False], 50)

    def spread(groups: list[str]) -> float:
        _, low, high = bootstrap(lambda rows: {"rate": float(hits[rows].mean())}, groups, rounds=300)["rate"]
        return high - low

    assert spread(["a"] * 50 + ["b"] * 50) == 1.0
    assert spread([str(i) for i in range(100)]) < 0.3


def test_a_share_of_one_has_the_exact_interval_of_its_lesions() -> None:
    """Nine melanomas are all warned of: the lower end is 0.025 ** (1 / 9). Two photos of one lesion count once."""
    found = answers(["mel"] * 10 + ["nv"] * 30, ["mel"] * 10 + ["nv"] * 30)
    groups = ("0", *found.groups[:-1])
    intervals = bootstrap(lambda rows: figures(found.take(rows)), groups, rounds=20)
    assert intervals["melanoma_warned"] == pytest.approx((1, 0.025 ** (1 / 9), 1))
    assert intervals["refused"] == pytest.approx((0, 0, 1 - 0.025 ** (1 / 39)))
    assert np.isnan(intervals["recall_df"]).all()


def test_a_difference_of_zero_is_no_share() -> None:
    found = bootstrap(lambda rows: {"accuracy": 0.0}, list("abc"), rounds=20, shares=())
    assert found == {"accuracy": (0, 0, 0)}
