"""Scores become probabilities that mean what they say."""

import torch
import torch.nn.functional as F

from models.calibration import Calibration, fit
from models.export import warning_threshold


def scored(count: int = 4000, temperature: float = 0.4) -> tuple[torch.Tensor, torch.Tensor]:
    """Lengths whose log-odds, divided by ``temperature``, are the true log-probabilities."""
    generator = torch.Generator().manual_seed(3)
    odds = torch.randn(count, 7, generator=generator)
    labels = torch.multinomial((odds / temperature).softmax(1), 1, generator=generator)[:, 0]
    return odds.sigmoid(), labels


def test_rows_sum_to_one_also_at_the_ends_of_the_range() -> None:
    lengths = torch.tensor([[0.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.999999], [0.0] * 7])
    rows = Calibration(0.7, (0.1,) * 7)(lengths)
    torch.testing.assert_close(rows.sum(1), torch.ones(2, dtype=torch.double))
    assert torch.isfinite(rows).all()


def test_fit_recovers_the_temperature_and_finds_no_bias_where_there_is_none() -> None:
    lengths, labels = scored()
    found = fit(lengths, labels)
    assert abs(found.temperature - 0.4) < 0.03
    assert max(map(abs, found.bias)) < 0.2


def test_fit_beats_raw_lengths() -> None:
    lengths, labels = scored()
    raw = F.nll_loss((lengths / lengths.sum(1, keepdim=True)).log(), labels)
    assert F.nll_loss(fit(lengths, labels)(lengths).log(), labels) < raw - 0.1


def test_warning_threshold_reaches_the_wanted_sensitivity_and_no_lower_than_needed() -> None:
    generator = torch.Generator().manual_seed(5)
    probabilities = torch.rand(500, 7, generator=generator).softmax(1)
    labels = torch.randint(0, 7, (500,), generator=generator)
    threshold = warning_threshold(probabilities, labels)
    suspicious = probabilities[:, [0, 1, 4]].amax(1)[torch.isin(labels, torch.tensor([0, 1, 4]))]
    assert (suspicious >= threshold).float().mean() >= 0.95
    assert (suspicious >= threshold + 0.005).float().mean() < 0.95
