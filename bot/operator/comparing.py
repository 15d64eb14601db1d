"""Compares the answers of two classifiers: agreement, changes of risk, and time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.operator.usage import quantile
from inference.analysis import Risk
from storage.opinions import Opinion
from storage.statistics import Handled


@dataclass(frozen=True)
class Side:
    """The answers of one classifier. `seconds` is the median time of the networks, None without answers."""

    answers: int
    risks: Mapping[Risk, int]
    seconds: float | None


@dataclass
class Comparison:
    """The answers of both to the same photos.

    `alike`: how many got the same class. `changes`: how many went from one risk to another; None is a refusal.
    `seconds` and `other_seconds` are medians.
    """

    photos: int = 0
    alike: int = 0
    changes: Counter[tuple[Risk | None, Risk | None]] = field(default_factory=Counter)
    seconds: float | None = None
    other_seconds: float | None = None

    @property
    def raised(self) -> int:
        """How many answers would be more urgent."""
        return sum(count for (old, new), count in self.changes.items() if _rank(new) > _rank(old))

    @property
    def lowered(self) -> int:
        """How many answers would be less urgent."""
        return sum(count for (old, new), count in self.changes.items() if _rank(new) < _rank(old))


def compare(opinions: Iterable[Opinion]) -> Comparison:
    """Compare the answers of both to the same photos."""
    found = Comparison()
    ours: list[float] = []
    theirs: list[float] = []
    for each in opinions:
        result = each.request.result
        if result is None:
            continue
        found.photos += 1
        found.alike += result.get("label") == each.said.get("label")
        before, after = _risk(result), _risk(each.said)
        if before is not after:
            found.changes[before, after] += 1
        ours += _seconds(result)
        theirs.append(float(each.said["seconds"]))
    found.seconds, found.other_seconds = _median(ours), _median(theirs)
    return found


def by_model(handled: Iterable[Handled]) -> dict[str, Side]:
    """The answers of each classifier that gave any, by its name and version."""
    risks: dict[str, Counter[Risk]] = {}
    seconds: dict[str, list[float]] = {}
    for each in handled:
        result = each.result or {}
        model, risk = result.get("models", {}).get("classifier"), _risk(result)
        if model is not None and risk is not None:
            risks.setdefault(model, Counter())[risk] += 1
            seconds.setdefault(model, []).extend(_seconds(result))
    return {model: Side(found.total(), found, _median(seconds[model])) for model, found in risks.items()}


def _risk(result: Mapping[str, Any]) -> Risk | None:
    risk = result.get("risk")
    return None if risk is None else Risk(risk)


def _rank(risk: Risk | None) -> int:
    return -1 if risk is None else list(Risk).index(risk)


def _seconds(result: Mapping[str, Any]) -> list[float]:
    total = result.get("timings", {}).get("total")
    return [] if total is None else [total / 1000]


def _median(values: list[float]) -> float | None:
    return quantile(values, 0.5) if values else None
