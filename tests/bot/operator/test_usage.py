"""Figures of use, counted from requests that are known one by one."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.operator.usage import quantile, summarise
from inference.analysis import Risk
from inference.drift import PSI_LIMIT
from storage.records import Outcome
from storage.statistics import Handled

TODAY = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def handled(days_ago: int, label: str = "nv", person: int = 1) -> Handled:
    at = NOON - timedelta(days=days_ago)
    return Handled(person, at, at + timedelta(seconds=2), Outcome.ANSWERED, {"label": label, "risk": "low"})


def test_requests_are_counted_by_day_and_reason() -> None:
    refused = Handled(2, NOON, NOON, Outcome.REFUSED, {"refusal": "blurred"})
    failed = Handled(2, NOON - timedelta(days=1), NOON, Outcome.FAILED, None)
    waiting = Handled(3, NOON, None, Outcome.RECEIVED, None)
    usage = summarise([handled(0), refused, failed, waiting, handled(30, person=9)], 2, TODAY)
    assert [each.day for each in usage.days] == [date(2026, 11, 27), TODAY]
    yesterday, today = usage.days
    assert yesterday.outcomes == {Outcome.FAILED: 1} and yesterday.seconds == []
    assert today.outcomes == {Outcome.ANSWERED: 1, Outcome.REFUSED: 1, Outcome.RECEIVED: 1}
    assert today.risks == {Risk.LOW: 1} and today.seconds == [2.0]
    assert usage.reasons == {"blurred": 1} and usage.people == 3 and usage.drift is None


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.95, 4), (1.0, 4), (0.01, 1)])
def test_quantiles_are_values_that_were_seen(share: float, expected: float) -> None:
    assert quantile([4, 1, 3, 2], share) == expected


def test_answers_of_the_same_mix_do_not_drift() -> None:
    same = [handled(day, label) for day in (0, 10) for label in ("nv", "mel") for _ in range(60)]
    assert summarise(same, 28, TODAY).drift == pytest.approx(0)


def test_answers_of_another_mix_drift_by_the_stability_index() -> None:
    before = [handled(10, label) for label in ["nv"] * 80 + ["mel"] * 20]
    now = [handled(1, label) for label in ["nv"] * 50 + ["mel"] * 50]
    # (0.5 - 0.8) ln(0.5 / 0.8) + (0.5 - 0.2) ln(0.5 / 0.2)
    index = summarise(before + now, 28, TODAY).drift
    assert index == pytest.approx(0.4159, abs=1e-4) and index > PSI_LIMIT


def test_a_class_that_is_new_drifts_and_stays_finite() -> None:
    before, now = [handled(10) for _ in range(100)], [handled(1, "vasc") for _ in range(100)]
    assert 1 < (summarise(before + now, 28, TODAY).drift or 0) < 20
