"""A surer answer: joins a stored result with the person's answers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

from bot.questions.questions import Answers
from bot.results import Result, Symptom, to_stored
from inference.analysis import Domain, Risk

KEPT = "answers"
"""The key of the answers in a stored result."""


class Join(Protocol):
    """The joint model; see `inference.pipeline.joint.Joiner`."""

    def join(
        self, probabilities: Mapping[str, float], domain: Domain, answers: Mapping[str, object]
    ) -> tuple[dict[str, float], Risk]:
        """Probabilities and risk after the answers."""


def answers_of(stored: Mapping[str, Any]) -> Answers:
    """The answers in a stored result."""
    return dict(stored.get(KEPT, {}))


def with_answers(stored: Mapping[str, Any], answers: Answers, joiner: Join | None) -> dict[str, Any]:
    """A stored result with these answers, which replace earlier ones.

    The risk never falls below that of the photo alone, so a warning stays. The photo's own result is stored too, so
    that an answer can be corrected. Without a `joiner`, only reported symptoms count.
    """
    now = Result.stored(stored)
    photo = now.before or now
    kept = {name: value for name, value in stored.items() if name not in (KEPT, "before")}
    symptoms = {each for each in Symptom if answers.get(each) == "True"}
    result = photo
    if answers and joiner is not None and photo.risk is not None and photo.domain is not None:
        probabilities, risk = joiner.join(photo.probabilities, photo.domain, answers)
        label = max(probabilities, key=probabilities.__getitem__)
        joined = replace(photo, label=label, probabilities=probabilities, risk=risk.at_least(photo.risk), before=photo)
        result = joined.reporting(symptoms)
    elif answers:
        result = replace(photo, before=photo).reporting(symptoms)
    return kept | to_stored(result, None) | ({KEPT: dict(answers)} if answers else {})


def reporting(stored: Mapping[str, Any], symptoms: Collection[Symptom]) -> dict[str, Any]:
    """A stored result with symptoms that a person reported in their own words. The answers stay."""
    now = Result.stored(stored)
    before = now.before.reporting(symptoms) if now.before is not None else None
    return dict(stored) | to_stored(replace(now, before=before).reporting(symptoms), None)
