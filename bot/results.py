"""The result of a photo, or the reason why there is none, as it is shown and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from inference.analysis import Analysis, Refusal, Risk
from inference.photo import PhotoFault


class Trouble(StrEnum):
    """Reasons that lie neither in the picture (`Refusal`) nor in its file (`PhotoFault`)."""

    NO_CONSENT = "no_consent"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"
    TOO_SLOW = "too_slow"
    NOT_SET_UP = "not_set_up"
    BUSY = "busy"
    FAILED = "failed"


Reason = Refusal | PhotoFault | Trouble
REASONS: dict[str, Reason] = {each.value: each for kind in (Refusal, PhotoFault, Trouble) for each in kind}

# Our own doing: the person may send the same photo again.
FAILURES = frozenset(
    {Trouble.EXPIRED, Trouble.UNAVAILABLE, Trouble.TOO_SLOW, Trouble.NOT_SET_UP, Trouble.BUSY, Trouble.FAILED}
)


@dataclass(frozen=True)
class Result:
    """What a person sees of an analysis: class, calibrated probabilities (0..1) and risk, or the reason.

    `retry_after` seconds from now the same photo is likely to be taken, where there were too many.
    """

    label: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    risk: Risk | None = None
    reason: Reason | None = None
    retry_after: float = 0.0

    @classmethod
    def of(cls, analysis: Analysis) -> "Result":
        return cls(analysis.label, analysis.probabilities, analysis.risk, analysis.refusal)

    @classmethod
    def stored(cls, result: Mapping[str, Any]) -> "Result":
        """The result as `to_stored` kept it."""
        risk, reason = result.get("risk"), result.get("refusal")
        return cls(
            label=result.get("label"),
            probabilities=result.get("probabilities", {}),
            risk=Risk(risk) if risk is not None else None,
            reason=REASONS[reason] if reason is not None else None,
        )


def to_stored(result: Result, analysis: Analysis | None) -> dict[str, Any]:
    """JSON for the request log: the result, and of an analysis also place, models and timings (ms)."""
    stored: dict[str, Any] = {
        "label": result.label,
        "probabilities": dict(result.probabilities),
        "risk": result.risk,
        "refusal": result.reason,
    }
    if analysis is not None:
        stored["models"] = dict(analysis.models)
        stored["timings"] = dict(analysis.timings)
        stored["box"] = list(analysis.lesion.box) if analysis.lesion is not None else None
    return stored
