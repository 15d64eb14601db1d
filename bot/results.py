"""The result of a photo, or the reason why there is none, for showing and storing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from inference.analysis import Analysis, Domain, Refusal, Risk
from inference.drift import features
from inference.photo import PhotoFault


class Trouble(StrEnum):
    """Reasons that are neither in the picture (`Refusal`) nor in its file (`PhotoFault`)."""

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

# Our own faults: the person may send the same photo again.
FAILURES = frozenset(
    {Trouble.EXPIRED, Trouble.UNAVAILABLE, Trouble.TOO_SLOW, Trouble.NOT_SET_UP, Trouble.BUSY, Trouble.FAILED}
)


class Symptom(StrEnum):
    """A reported symptom. Each alone is a reason to see a doctor. Most have the names of the questions."""

    BLEEDS = "bleed"
    GREW = "grew"
    CHANGED = "changed"
    ITCHES = "itch"
    HURTS = "hurt"
    SORE = "sore"


@dataclass(frozen=True)
class Result:
    """What a person sees of an analysis: class, calibrated probabilities (0..1) and risk, or the reason for none.

    `symptoms` are reported by the person; with any, the risk is at least raised. `before` is the result without the
    person's answers, or None if there are none. `domain` is what the photo was taken with. `missed` is the share of
    melanomas in such photos that got an answer of low risk, or None if it was not measured. `spots` is how many the
    photo shows; the answer is about the worst. If there were too many photos, this one will probably be accepted in
    `retry_after` seconds. `model` is the name and version of the classifier that gave it. `sent_before` is when the
    same photo came first.
    """

    label: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    risk: Risk | None = None
    reason: Reason | None = None
    retry_after: float = 0.0
    domain: Domain | None = None
    missed: float | None = None
    spots: int = 1
    symptoms: tuple[Symptom, ...] = ()
    before: "Result | None" = None
    model: str | None = None
    sent_before: datetime | None = None

    @classmethod
    def of(cls, analysis: Analysis, missed: float | None = None) -> "Result":
        return cls(
            analysis.label, analysis.probabilities, analysis.risk, analysis.refusal,
            domain=analysis.domain, missed=missed, spots=1 + len(analysis.more_lesions),
            model=analysis.models.get("classifier"),
        )  # fmt: skip

    def reporting(self, symptoms: Collection[Symptom]) -> "Result":
        """The result after a person has reported these symptoms too."""
        if self.risk is None or not symptoms:
            return self
        every = tuple(each for each in Symptom if each in symptoms or each in self.symptoms)
        return replace(self, symptoms=every, risk=self.risk.at_least(Risk.RAISED))

    @classmethod
    def stored(cls, result: Mapping[str, Any]) -> "Result":
        """The result from the return value of `to_stored`."""
        risk, reason, before = result.get("risk"), result.get("refusal"), result.get("before")
        sent_before = result.get("sent_before")
        return cls(
            label=result.get("label"),
            probabilities=result.get("probabilities", {}),
            risk=Risk(risk) if risk is not None else None,
            reason=REASONS[reason] if reason is not None else None,
            domain=result.get("domain"),
            missed=result.get("missed"),
            spots=result.get("spots", 1),
            symptoms=tuple(map(Symptom, result.get("symptoms", ()))),
            before=cls.stored(before) if before is not None else None,
            model=result.get("models", {}).get("classifier"),
            sent_before=datetime.fromisoformat(sent_before) if sent_before is not None else None,
        )


DRAWN = "drawn"
"""The key in a stored result for the risk that the answer's picture says."""


def to_stored(result: Result, analysis: Analysis | None) -> dict[str, Any]:
    """JSON for the database: the result, and from an analysis also the lesion's box, models, features, timings (ms)."""
    stored: dict[str, Any] = {
        "label": result.label,
        "probabilities": dict(result.probabilities),
        "risk": result.risk,
        "refusal": result.reason,
        "domain": result.domain,
        "missed": result.missed,
        "spots": result.spots,
        "symptoms": list(result.symptoms),
    }
    if result.sent_before is not None:
        stored["sent_before"] = result.sent_before.isoformat()
    if result.before is not None:
        stored["before"] = to_stored(result.before, None)
    if analysis is not None:
        stored["models"] = dict(analysis.models)
        stored["features"] = features(analysis)
        stored["timings"] = dict(analysis.timings)
        stored["fingerprint"] = analysis.fingerprint
        stored[DRAWN] = result.risk
        stored["box"] = list(analysis.lesion.box) if analysis.lesion is not None else None
    return stored
