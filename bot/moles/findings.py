"""The stored findings of each photo of a mole, and the state of a mole from its photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.results import Result
from inference.comparison.change import Finding, Mark, changed
from inference.comparison.marks import Marks
from inference.engine.engine import Examination
from storage.records import MolePhoto


def to_stored(examination: Examination) -> dict[str, Any] | None:
    """JSON for the database; None if no mole was found."""
    if examination.marks is None or examination.analysis.domain is None:
        return None
    return {
        "marks": examination.marks.to_json(),
        "domain": examination.analysis.domain,
        "models": dict(examination.analysis.models),
        "millimetres": None,
    }


def stored(findings: Mapping[str, Any]) -> Finding:
    """The findings from the result of `to_stored`."""
    return Finding(Marks.from_json(findings["marks"]), findings["domain"], findings.get("millimetres"))


@dataclass(frozen=True)
class Standing:
    """The state of a mole: its photos, the answer to its last photo, and what has changed since the first."""

    photos: tuple[MolePhoto, ...]
    findings: tuple[Finding, ...]
    last: Result | None
    changed: tuple[Mark, ...]

    @classmethod
    def of(cls, photos: Sequence[MolePhoto]) -> "Standing":
        """The state from the photos of one mole, the oldest first."""
        findings = tuple(stored(each.findings) for each in photos)
        last = Result.stored(photos[-1].request.result or {}) if photos else None
        return cls(tuple(photos), findings, last, changed(findings[0], findings[-1]) if len(findings) > 1 else ())

    @property
    def comparable(self) -> bool:
        """Whether there are two photos of the same domain."""
        return len(self.findings) > 1 and self.findings[0].domain == self.findings[-1].domain
