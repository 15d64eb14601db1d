"""An analysis in words, without any chat: what the page and programs tell people."""

import pytest

from inference.analysis import Refusal, Risk
from inference.classes import CLASSES
from inference.drawing import verdict

LANGUAGES = ["en", "ru"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_has_a_plain_name_of_its_own(language: str) -> None:
    assert len({verdict.plain_name(label, language) for label in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("language", "warning"), [("en", "a pre-cancer is possible (12%)"), ("ru", "рак или предрак (12\u00a0%)")]
)
def test_a_melanoma_of_12_percent_is_warned_of_beside_a_likelier_nevus(language: str, warning: str) -> None:
    probabilities = dict.fromkeys(CLASSES, 0.0) | {"nv": 0.88, "mel": 0.12}
    assert warning in verdict.advice("nv", Risk.HIGH, probabilities, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("refusal", Refusal)
def test_a_refusal_comes_with_what_to_do_about_it(refusal: Refusal, language: str) -> None:
    title, help_ = verdict.refusal_in_words(refusal, language)
    assert title and help_ and title != help_


def test_a_language_that_is_not_spoken_reads_as_english() -> None:
    assert verdict.plain_name("nv", "xx") == verdict.plain_name("nv", "en")
