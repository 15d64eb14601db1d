"""How doctors' verdicts agree with the answers, counted over all people."""

from collections.abc import Iterable
from dataclasses import dataclass

from inference.analysis import Risk
from inference.classes import SUSPICIOUS
from storage.statistics import JudgedAnswer

# Fewer could reveal a single person's.
ENOUGH = 5


@dataclass(frozen=True)
class Agreement:
    """Numbers of results with a doctor's verdict: with and without a warning, and called suspicious by the doctor."""

    warned: int
    warned_suspicious: int
    others: int
    others_suspicious: int
    biopsies: int

    @property
    def total(self) -> int:
        return self.warned + self.others


def agreement(answers: Iterable[JudgedAnswer]) -> Agreement:
    """Count the answers with a doctor's verdict."""
    every = list(answers)
    warned = [each for each in every if each.risk in (Risk.RAISED, Risk.HIGH)]
    others = [each for each in every if each.risk == Risk.LOW]
    suspicious = [sum(each.said in SUSPICIOUS for each in group) for group in (warned, others)]
    return Agreement(
        len(warned), suspicious[0], len(others), suspicious[1], sum(each.biopsy for each in [*warned, *others])
    )
