"""The figures of a digest: a period, and the one before."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.operator.drift import Drift
from bot.operator.usage import quantile
from bot.operator.verdicts import Agreement
from inference.analysis import Risk
from storage.digests import Every
from storage.records import Outcome
from storage.statistics import Handled


@dataclass(frozen=True)
class Figures:
    """The photos of a period. `half` and `most` are seconds to the answer, of 50 and of 95 %; None without answers."""

    photos: int
    people: int
    refused: int
    failed: int
    risks: Counter[Risk]
    half: float | None
    most: float | None


@dataclass(frozen=True)
class Digest:
    """What a digest says: a period and the one before, and how things stand now."""

    every: Every
    now: Figures
    before: Figures
    doctors: Agreement
    drift: Sequence[Drift]
    free_bytes: int


def figures(handled: Collection[Handled]) -> Figures:
    """The figures of some photos."""
    outcomes = Counter(each.outcome for each in handled)
    risks = Counter(Risk(risk) for each in handled if (risk := (each.result or {}).get("risk")))
    seconds = [
        (each.completed_at - each.created_at).total_seconds()
        for each in handled
        if each.completed_at is not None and each.outcome is Outcome.ANSWERED
    ]
    half, most = (quantile(seconds, share) if seconds else None for share in (0.5, 0.95))
    people = len({each.person for each in handled})
    return Figures(
        len(handled), people, outcomes[Outcome.REFUSED], outcomes[Outcome.FAILED], risks, half, most
    )  # fmt: skip
