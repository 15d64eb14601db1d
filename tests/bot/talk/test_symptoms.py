"""Symptoms in people's own words, in both languages, and what is no symptom."""

import pytest

from bot.results import Symptom
from bot.talk.symptoms import symptoms_in

B, G, C, Z, H, S = Symptom.BLEEDS, Symptom.GREW, Symptom.CHANGED, Symptom.ITCHES, Symptom.HURTS, Symptom.SORE

REPORTED = [
    ("bleeding for 2 weeks and growing", {B, G}),
    ("It bleeds sometimes.", {B}),
    ("It bled yesterday", {B}),
    ("this mole has grown a lot", {G}),
    ("got bigger since May", {G}),
    ("It's changing colour and it itches!", {C, Z}),
    ("it turned black", {C}),
    ("It doesn’t bleed but it hurts", {H}),
    ("does not itch and is bleeding", {B}),
    ("a sore that does not heal", {S}),
    ("It won't heal", {S}),
    ("painful to touch", {H}),
    ("кровоточит уже 2 недели и растёт", {B, G}),
    ("Родинка кровоточит", {B}),
    ("пошла кровь", {B}),
    ("Она сильно выросла за месяц", {G}),
    ("увеличилась в размере", {G}),
    ("стала больше", {G}),
    ("изменилась и потемнела", {C}),
    ("меняет цвет", {C}),
    ("чешется и болит", {Z, H}),
    ("есть зуд", {Z}),
    ("не болит, но кровоточит", {B}),
    ("не растёт и кровоточит", {B}),
    ("ранка не заживает", {S}),
    ("Больно, когда трогаю", {H}),
    ("нет, кровоточит", {B}),
    ("без боли кровоточит", {B}),
    ("Without pain it bleeds", {B}),
    ("No, it bleeds", {B}),
    ("no pain and bleeding", {B}),
]
NOTHING = [
    "", "left shoulder", "a mole since childhood", "What is this?", "It does not bleed", "It doesn't bleed or itch",
    "no bleeding", "no itching, bleeding or pain", "not growing, not itching", "never bled",
    "hasn't changed", "unchanged",
    "without pain", "a hair grows out of it", "blood vessel spot?", "I grew up in Spain",
    "левое плечо", "родинка с детства", "Что это у меня?", "не кровоточит", "не растёт и не чешется", 
    "крови нет, нет зуда",
    "без изменений", "не болит", "никогда не кровоточила", "нет зуда, боли", "из родинки растёт волос", "не изменилась",
    "большая родинка", "я в больнице", "не сильно чешется",
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), REPORTED)
def test_a_symptom_is_recognised_in_ones_own_words(text: str, found: set[Symptom]) -> None:
    assert symptoms_in(text) == found
    assert symptoms_in(text.upper()) == found


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_denied_or_says_something_else_is_no_symptom(text: str) -> None:
    assert symptoms_in(text) == frozenset()


def test_without_words_there_is_nothing() -> None:
    assert symptoms_in(None) == frozenset()
