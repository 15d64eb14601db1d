"""Usage figures: requests, answers, waiting times, and the drift of the answers."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.operator.drift import RECENT
from inference.analysis import Risk
from inference.drift import ENOUGH, psi
from storage.records import Outcome
from storage.statistics import Handled


@dataclass
class Day:
    """One UTC day. `seconds` has the time from photo to answer for each answered photo."""

    day: date
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    risks: Counter[Risk] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Usage:
    """The days, oldest first, and people and reasons of refusals over all days.

    `drift` is the stability index of the answers; None with too few answers.
    """

    days: Sequence[Day]
    people: int
    reasons: Mapping[str, int]
    drift: float | None


def summarise(handled: Iterable[Handled], days: int, today: date | None = None) -> Usage:
    """The figures of the last `days` UTC days, including days without requests."""
    today = today or datetime.now(UTC).date()
    by_day = {day: Day(day) for day in (today - timedelta(days=back) for back in reversed(range(days)))}
    people: set[int] = set()
    reasons: Counter[str] = Counter()
    recent: Counter[str] = Counter()
    earlier: Counter[str] = Counter()
    for each in handled:
        entry = by_day.get(each.created_at.date())
        if entry is None:
            continue
        people.add(each.person)
        entry.outcomes[each.outcome] += 1
        result = each.result or {}
        if each.completed_at is not None and each.outcome is Outcome.ANSWERED:
            entry.seconds.append((each.completed_at - each.created_at).total_seconds())
        if reason := result.get("refusal"):
            reasons[reason] += 1
        if risk := result.get("risk"):
            entry.risks[Risk(risk)] += 1
        if label := result.get("label"):
            (recent if entry.day > today - RECENT else earlier)[label] += 1
    enough = min(recent.total(), earlier.total()) >= ENOUGH
    drift = _psi(earlier, recent) if enough else None
    return Usage(list(by_day.values()), len(people), dict(reasons.most_common()), drift)


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile of at least one value; 0 < `share` <= 1."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _psi(expected: Counter[str], found: Counter[str]) -> float:
    names = expected | found
    return psi(*([counts[name] / counts.total() for name in names] for counts in (expected, found)))
