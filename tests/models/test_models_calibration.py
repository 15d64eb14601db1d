"""Scores become probabilities that mean what they say."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from inference.pipeline.calibration import Calibration
from models.release.calibrate import fit


def scored(count: int = 4000, slope: float = 2.5) -> tuple[torch.Tensor, torch.Tensor]:
    """N x 1 x 7 log-odds of one network which, times ``slope``, are the true log-probabilities."""
    generator = torch.Generator().manual_seed(3)
    odds = torch.randn(count, 1, 7, generator=generator)
    labels = torch.multinomial((odds[:, 0] * slope).softmax(1), 1, generator=generator)[:, 0]
    return odds, labels


def test_rows_sum_to_one_whatever_the_scores() -> None:
    odds = np.array([[[-9.0, 9.0, 0.0, 0.0, 0.0, 0.0, 700.0]], [[0.0] * 7]], np.float32)
    rows = Calibration((1.4,), (0.1,) * 7)(odds)
    assert rows.sum(1) == pytest.approx([1, 1], abs=1e-12)
    assert np.isfinite(rows).all()


def test_fit_recovers_the_slope_and_finds_no_bias_where_there_is_none() -> None:
    odds, labels = scored()
    found = fit(odds, labels)
    assert abs(found.slopes[0] - 2.5) < 0.15
    assert max(map(abs, found.bias)) < 0.2


def test_fit_gives_no_weight_to_a_network_that_knows_nothing() -> None:
    odds, labels = scored()
    noise = torch.randn(odds.shape, generator=torch.Generator().manual_seed(4)) * 3
    knowing, guessing = fit(torch.cat([odds, noise], 1), labels).slopes
    assert abs(knowing - 2.5) < 0.15
    assert abs(guessing) < 0.05


def test_fit_beats_raw_scores() -> None:
    odds, labels = scored()
    raw = F.cross_entropy(odds[:, 0], labels)
    assert F.nll_loss(torch.from_numpy(fit(odds, labels)(odds.numpy())).log(), labels) < raw - 0.1
