"""What a digest says: a summary of a period, and of the one before."""

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
class Summary:
    """The photos of a period.

    `median` and `p95` are seconds to the answer: 50 % and 95 % of the answers took at most so long. None if there were
    no answers.
    """

    photos: int
    people: int
    refused: int
    failed: int
    risks: Counter[Risk]
    median: float | None
    p95: float | None


@dataclass(frozen=True)
class Digest:
    """A period and the one before, and how things stand now."""

    every: Every
    now: Summary
    before: Summary
    doctors: Agreement
    drift: Sequence[Drift]
    free_bytes: int


def summary_of(handled: Collection[Handled]) -> Summary:
    """Summarise some photos."""
    outcomes = Counter(each.outcome for each in handled)
    risks = Counter(Risk(risk) for each in handled if (risk := (each.result or {}).get("risk")))
    seconds = [
        (each.completed_at - each.created_at).total_seconds()
        for each in handled
        if each.completed_at is not None and each.outcome is Outcome.ANSWERED
    ]
    median, p95 = (quantile(seconds, share) if seconds else None for share in (0.5, 0.95))
    people = len({each.person for each in handled})
    return Summary(
        len(handled), people, outcomes[Outcome.REFUSED], outcomes[Outcome.FAILED], risks, median, p95
    )  # fmt: skip
