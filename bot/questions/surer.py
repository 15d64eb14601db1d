"""A surer answer: what the photo showed and what the person answered, as it is kept and shown."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

from bot.questions.questions import Answers
from bot.results import Result, Symptom, to_stored
from inference.analysis import Domain, Risk

KEPT = "answers"
"""Where a stored result holds the answers."""


class Join(Protocol):
    """The joint model; see `inference.pipeline.joint.Joiner`."""

    def join(
        self, probabilities: Mapping[str, float], domain: Domain, answers: Mapping[str, object]
    ) -> tuple[dict[str, float], Risk]:
        """Probabilities and risk after the answers."""


def answers_of(stored: Mapping[str, Any]) -> Answers:
    """The answers that a stored result holds."""
    return dict(stored.get(KEPT, {}))


def with_answers(stored: Mapping[str, Any], answers: Answers, joiner: Join | None) -> dict[str, Any]:
    """A stored result after these answers, in place of earlier ones.

    The risk never falls below what the photo alone gave: a melanoma that was warned of stays warned of. What the photo
    alone gave is kept beside it, so that an answer can be corrected. Without a `joiner` only what is reported counts.
    """
    now = Result.stored(stored)
    photo = now.before or now
    kept = {name: value for name, value in stored.items() if name not in (KEPT, "before")}
    told = {each for each in Symptom if answers.get(each) == "True"}
    result = photo
    if answers and joiner is not None and photo.risk is not None and photo.domain is not None:
        probabilities, risk = joiner.join(photo.probabilities, photo.domain, answers)
        label = max(probabilities, key=probabilities.__getitem__)
        joined = replace(photo, label=label, probabilities=probabilities, risk=risk.at_least(photo.risk), before=photo)
        result = joined.reporting(told)
    elif answers:
        result = replace(photo, before=photo).reporting(told)
    return kept | to_stored(result, None) | ({KEPT: dict(answers)} if answers else {})


def reporting(stored: Mapping[str, Any], symptoms: Collection[Symptom]) -> dict[str, Any]:
    """A stored result after a person has reported symptoms in their own words; answers are kept."""
    now = Result.stored(stored)
    before = now.before.reporting(symptoms) if now.before is not None else None
    return dict(stored) | to_stored(replace(now, before=before).reporting(symptoms), None)
