"""What differs between domains is fitted on held-out answers."""

import numpy as np
import pytest

from inference.classes import CLASSES, SUSPICIOUS
from inference.pipeline.calibration import Calibration
from models.release.domains import (
    cross_fitted,
    evened,
    fit_calibration,
    fit_domain,
    fit_domain_classifier,
    fit_warnings,
    folds,
    suspicion,
    warned,
)

MEL, NV = CLASSES.index("mel"), CLASSES.index("nv")


def scored(count: int, sharpness: float = 1.0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Log-odds of two networks, of which the second only guesses; labels; lesions of two photos each."""
    chance = np.random.default_rng(5)
    labels = np.arange(count) % len(CLASSES)
    truth = chance.normal(0, 1, (count, len(CLASSES))) + 2.5 * np.eye(len(CLASSES))[labels]
    odds = np.stack([truth * sharpness, chance.normal(0, 1, truth.shape)], 1).astype(np.float32)
    return odds, labels, [f"lesion {row // (2 * len(CLASSES))}-{row % len(CLASSES)}" for row in range(count)]


def test_a_network_that_is_too_sure_is_calmed_and_one_that_guesses_is_not_heard() -> None:
    odds, labels, _ = scored(800, sharpness=4)
    first, second = fit_calibration(odds, labels, np.ones(800)).slopes
    assert 0.4 < first < 0.9 and abs(second) < 0.15


def test_rare_classes_weigh_more() -> None:
    labels = np.array([NV] * 90 + [MEL] * 10)
    weights = evened(labels, 0.5)
    assert weights.mean() == pytest.approx(1) and weights[-1] / weights[0] == pytest.approx(3)
    odds = np.zeros((100, 1, len(CLASSES)), np.float32)
    plain, even = (fit_calibration(odds, labels, evened(labels, share))(odds)[0] for share in (0.0, 1.0))
    assert plain[MEL] < 0.15 and even[MEL] > 0.4


def test_no_lesion_judges_the_calibration_that_it_was_fitted_on() -> None:
    odds, labels, groups = scored(320)
    for kept, left in folds(labels, groups):
        assert not {groups[row] for row in kept} & {groups[row] for row in left}
    found = cross_fitted(odds, labels, np.ones(320), groups)
    assert np.allclose(found.sum(1), 1) and (found.argmax(1) == labels).mean() > 0.6


def test_warnings_reach_what_is_wanted_at_the_least_cost() -> None:
    odds, labels, groups = scored(800)
    found = cross_fitted(odds, labels, np.ones(800), groups)
    limits = fit_warnings(found, labels, 0.95)
    said = warned(found, *limits)
    suspect = np.isin(labels, [CLASSES.index(name) for name in SUSPICIOUS])
    assert said[suspect].mean() >= 0.95 and said[labels == MEL].mean() >= 0.95
    alone = np.quantile(suspicion(found)[suspect], 0.02)
    assert said[~suspect].mean() <= (suspicion(found)[~suspect] >= alone).mean()


def test_what_is_likelier_malignant_than_not_is_a_warning_in_any_case() -> None:
    """Here all cancers are at least 80 % likely, so a limit of 80 % would do."""
    found = np.full((40, len(CLASSES)), 0.0)
    labels = np.repeat([CLASSES.index("bcc"), CLASSES.index("nv"), CLASSES.index("mel"), CLASSES.index("bkl")], 10)
    found[np.arange(40), labels] = 0.8
    found[:, CLASSES.index("df")] = 0.2
    limit, _ = fit_warnings(found, labels, 0.95)
    assert limit == 0.5


def test_a_domain_has_all_that_serving_needs() -> None:
    entry = fit_domain(*scored(400)[:2], np.ones(400), scored(400)[2], 0.95)
    assert len(entry.slopes) == 2 and len(entry.bias) == len(CLASSES)
    assert 0 < entry.suspicious < 1 and 0 < entry.melanoma <= 1


def test_the_domain_is_told_from_features() -> None:
    chance = np.random.default_rng(3)
    phone = np.arange(300) % 3 == 0
    features = chance.normal(0, [1, 20, 0.01], (300, 3)).astype(np.float32)
    features[phone, 1] += 150
    said = fit_domain_classifier(features, phone)(features)
    assert said == ["phone" if each else "dermatoscope" for each in phone]


def test_rows_sum_to_one_whatever_the_scores() -> None:
    odds = np.array([[[-9.0, 9.0, 0.0, 0.0, 0.0, 0.0, 700.0]], [[0.0] * 7]], np.float32)
    rows = Calibration((1.4,), (0.1,) * 7)(odds)
    assert rows.sum(1) == pytest.approx([1, 1], abs=1e-12)
    assert np.isfinite(rows).all()


def test_the_fit_recovers_slope_and_bias() -> None:
    chance = np.random.default_rng(3)
    odds = chance.normal(0, 1, (4000, 1, len(CLASSES))).astype(np.float32)
    shares = np.exp(2.5 * odds[:, 0]) / np.exp(2.5 * odds[:, 0]).sum(1, keepdims=True)
    labels = (shares.cumsum(1) > chance.random((4000, 1))).argmax(1)
    found = fit_calibration(odds, labels, np.ones(4000))
    assert found.slopes[0] == pytest.approx(2.5, abs=0.15)
    assert max(map(abs, found.bias)) < 0.2
