"""A surer answer: its risk can rise, never falls below that of the photo, and it can be corrected."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.questions.questions import questions
from bot.questions.surer import answers_of, with_answers
from bot.results import Result, Symptom, to_stored
from inference.analysis import Domain, Risk
from inference.pipeline.answers import QUESTIONS, REGIONS, encode
from inference.pipeline.joint import Joiner
from inference.registry.registry import Registry
from tests.bot.examples import result_for


class Fixed:
    """A joint model that always says the same."""

    def __init__(self, risk: Risk, **shares: float) -> None:
        self._said = dict(result_for("nv", risk, **shares).probabilities), risk

    def join(
        self, probabilities: Mapping[str, float], domain: Domain, answers: Mapping[str, object]
    ) -> tuple[dict[str, float], Risk]:
        return self._said


def stored(risk: Risk = Risk.LOW, **shares: float) -> dict[str, object]:
    return to_stored(replace(result_for("nv", risk, **shares), domain="phone"), None) | {"models": {"gate": "1"}}


def test_answers_raise_and_what_the_photo_gave_is_kept() -> None:
    found = with_answers(stored(mel=0.05), {"age": "67"}, Fixed(Risk.HIGH, mel=0.6))
    result = Result.stored(found)
    assert result.risk is Risk.HIGH and result.label == "mel"
    assert result.before is not None and result.before.risk is Risk.LOW and result.before.label == "nv"
    assert answers_of(found) == {"age": "67"} and found["models"] == {"gate": "1"}


def test_a_warning_stays_a_warning() -> None:
    result = Result.stored(with_answers(stored(Risk.HIGH, mel=0.6), {"age": "22"}, Fixed(Risk.LOW)))
    assert result.risk is Risk.HIGH


@pytest.mark.parametrize("joiner", [Fixed(Risk.LOW), None])
@pytest.mark.parametrize("symptom", [Symptom.BLEEDS, Symptom.GREW, Symptom.CHANGED, Symptom.ITCHES, Symptom.HURTS])
def test_any_yes_is_at_least_raised_whatever_the_picture_says(symptom: Symptom, joiner: Fixed | None) -> None:
    result = Result.stored(with_answers(stored(), {symptom: "True"}, joiner))
    assert result.risk is Risk.RAISED and result.symptoms == (symptom,)


def test_an_answer_can_be_corrected_and_all_be_taken_back() -> None:
    joiner = Fixed(Risk.LOW)
    raised = with_answers(stored(), {"bleed": "True"}, joiner)
    corrected = Result.stored(with_answers(raised, {"bleed": "False"}, joiner))
    assert corrected.risk is Risk.LOW and corrected.symptoms == ()
    assert with_answers(raised, {}, joiner) == stored()


def test_what_was_written_with_the_photo_still_counts() -> None:
    told = to_stored(replace(result_for("nv", Risk.LOW), domain="phone").reporting({Symptom.SORE}), None)
    result = Result.stored(with_answers(told, {"bleed": "False"}, Fixed(Risk.LOW)))
    assert result.risk is Risk.RAISED and result.symptoms == (Symptom.SORE,)


def test_every_choice_is_in_the_words_of_the_joint_model(language: str) -> None:
    every = questions()
    assert len(every) == 6
    for question in every:
        for choice in question.choices:
            assert encode(choice.answers).any() or choice.answers == {"region": "OTHER"}
    answered = {name for question in every for choice in question.choices for name in choice.answers}
    assert answered == {*QUESTIONS, "age", "region"}
    regions = {choice.answers["region"] for choice in every[1].choices}
    assert regions == {*REGIONS, "OTHER"}


def test_the_released_model_joins_answers() -> None:
    joiner = Joiner(Registry.load())
    photo = replace(result_for("nv", Risk.LOW, bcc=0.2), domain="phone")
    answers = {"age": "80", "region": "NOSE", "bleed": "True", "itch": "True", "elevation": "True"}
    result = Result.stored(with_answers(to_stored(photo, None), answers, joiner))
    assert result.probabilities["bcc"] > photo.probabilities["bcc"]
    assert result.risk is not Risk.LOW
