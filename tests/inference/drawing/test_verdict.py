"""An analysis in words, without any chat: what the page and programs tell people."""

import pytest

from inference.analysis import Refusal, Risk
from inference.classes import CLASSES
from inference.drawing import verdict, words

LANGUAGES = ["en", "ru"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_has_a_plain_name_of_its_own(language: str) -> None:
    assert len({verdict.plain_name(label, language) for label in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("language", "warning"),
    [
        ("en", "Have a dermatologist look at it within two weeks. Cancer/pre-cancer 12%, other 88%."),
        ("ru", "Покажите пятно дерматологу в течение двух недель. Рак/предрак 12\u00a0%, другое 88\u00a0%."),
    ],
)
def test_a_melanoma_of_12_percent_is_warned_of_beside_a_likelier_nevus(language: str, warning: str) -> None:
    probabilities = dict.fromkeys(CLASSES, 0.0) | {"nv": 0.88, "mel": 0.12}
    assert verdict.advice(Risk.RAISED, probabilities, language) == warning
    assert len({words.action(risk, language) for risk in Risk}) == len(Risk)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("refusal", Refusal)
def test_a_refusal_comes_with_what_to_do_about_it(refusal: Refusal, language: str) -> None:
    title, help_ = verdict.refusal_in_words(refusal, language)
    assert title and help_ and title != help_


def test_a_language_that_is_not_spoken_reads_as_english() -> None:
    assert verdict.plain_name("nv", "xx") == verdict.plain_name("nv", "en")


@pytest.mark.parametrize(("language", "each"), [("en", "close-up of each"), ("ru", "крупный снимок каждого")])
def test_of_several_spots_a_photo_of_each_is_asked_for(language: str, each: str) -> None:
    shares = dict.fromkeys(CLASSES, 1 / len(CLASSES))
    for risk in Risk:
        words_ = verdict.advice(risk, shares, language, spots=3)
        assert each in words_ and " 3" in words_ and "1" in words_
        assert each not in verdict.advice(risk, shares, language)


@pytest.mark.parametrize(("language", "name"), [("en", "carcinoma in situ"), ("ru", "рак in situ")])
def test_bowen_s_disease_is_named_carcinoma_in_situ(language: str, name: str) -> None:
    assert name in verdict.plain_name("akiec", language)


def test_a_low_answer_says_of_a_hundred_melanomas_how_many_it_misses() -> None:
    assert "Of 100 melanomas in such photos, about 11 " in verdict.missed(0.107)
    assert "Из 100 меланом" in verdict.missed(0.107, "ru")
    shares = dict.fromkeys(CLASSES, 1 / len(CLASSES))
    for risk in Risk:
        told = verdict.advice(risk, shares, missed_share=0.107)
        assert (verdict.missed(0.107) in told) == (risk is Risk.LOW)
    assert "100 melanomas" not in verdict.advice(Risk.LOW, shares)
