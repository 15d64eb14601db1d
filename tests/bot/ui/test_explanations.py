"""What is said of an explanation, and who gets one."""

import re
from dataclasses import replace

import pytest

from bot.ui import explanations, replies
from inference.analysis import CLASSES, Abcd, Colour, Risk
from tests.bot.examples import FORBIDDEN, result_for, units, visible

ROUND = Abcd(asymmetry=0.07, border=1.24, colours=(Colour.DARK_BROWN, Colour.RED), diameter=0.341, cut_off=False)
WIDEST = Abcd(asymmetry=0.999, border=12.34, colours=tuple(Colour), diameter=0.999, cut_off=True)


@pytest.mark.parametrize("label", CLASSES)
def test_every_explanation_says_what_it_is_not_and_fits_a_caption(language: str, label: str) -> None:
    other = "bkl" if label != "bkl" else "akiec"
    text = explanations.caption(result_for(label, Risk.HIGH), result_for(other, Risk.LOW), WIDEST)
    plain = visible(text)
    assert units(text) <= replies.MAX_CAPTION
    assert replies.class_name(label) in plain.splitlines()[0]
    assert replies.class_name(other) in plain, "the models have changed since, and that is said"
    assert plain.splitlines()[-1] == replies.not_a_diagnosis()
    assert not FORBIDDEN.search(plain)


def test_measures_are_numbers_as_the_language_writes_them(language: str) -> None:
    plain = visible(explanations.caption(result_for("nv", Risk.LOW), result_for("nv", Risk.LOW), ROUND))
    numbers = re.findall(r"[\d,.]*\d", plain.partition("•")[2])
    comma = "," if language == "ru" else "."
    assert numbers == ["7", f"1{comma}2", f"1{comma}0", "2", "6", "34"]
    assert ("dark brown, red" if language == "en" else "тёмно-коричневый, красный") in plain
    assert len(re.findall("^•", plain, re.M)) == 4


def test_a_spot_without_a_colour_of_its_own(language: str) -> None:
    pale = replace(ROUND, colours=())
    plain = visible(explanations.caption(result_for("nv", Risk.LOW), result_for("nv", Risk.LOW), pale))
    assert ("none of 6" if language == "en" else "ни один из 6") in plain
