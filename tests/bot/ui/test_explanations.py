"""Texts of explanations: what decided the risk, and measures in words, which never calm under a warning."""

import re
from dataclasses import replace

import pytest

from bot.results import Symptom
from bot.ui import explanations, names, replies
from inference.analysis import CLASSES, Abcd, Colour, Risk
from tests.bot.examples import FORBIDDEN, result_for, units, visible

ROUND = Abcd(asymmetry=0.04, border=1.1, colours=(Colour.LIGHT_BROWN,), diameter=0.3, cut_off=False)
WIDEST = Abcd(asymmetry=0.9, border=12.3, colours=tuple(Colour), diameter=0.999, cut_off=False)


@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("label", CLASSES)
def test_every_explanation_says_what_it_is_not_and_fits_a_caption(language: str, label: str, risk: Risk) -> None:
    other = "bkl" if label != "bkl" else "akiec"
    text = explanations.caption(result_for(label, risk), result_for(other, risk).reporting(Symptom), WIDEST)
    plain = visible(text)
    assert units(text) <= replies.MAX_CAPTION
    assert names.class_name(other) in plain, "the models have changed since, and that is said"
    assert plain.splitlines()[-1] == replies.not_a_diagnosis()
    assert not FORBIDDEN.search(plain)


def test_the_tier_is_explained_by_what_decided_it(english: None) -> None:
    high, raised, low = (
        visible(explanations.caption(result, result, ROUND))
        for result in (
            result_for("nv", Risk.HIGH, mel=0.3, bcc=0.25, bkl=0.15),
            result_for("nv", Risk.RAISED, mel=0.2),
            result_for("nv", Risk.LOW, mel=0.05),
        )
    )
    assert "together (55%) is likelier than any harmless kind (30% at most)" in high
    assert "Cancer or pre-cancer (20%), or melanoma alone (20%), reaches the limit" in raised
    assert "cancer or pre-cancer (5%) stays below the limit" in low
    assert "counted for cancer or pre-cancer" in high and "counted for “mole (melanocytic nevus)”" in low


def test_what_the_person_reports_is_a_reason_too(english: None) -> None:
    calm = result_for("nv", Risk.LOW)
    text = visible(explanations.caption(calm, calm.reporting({Symptom.BLEEDS}), ROUND))
    assert text.startswith("🟠") and "You say: it bleeds." in text


@pytest.mark.parametrize("risk", [Risk.HIGH, Risk.RAISED])
def test_usual_measures_do_not_calm_under_a_warning(language: str, risk: Risk) -> None:
    plain = visible(explanations.caption(result_for("mel", risk), result_for("mel", risk), ROUND))
    shape = plain.partition("•")[2]
    assert not re.search(r"\d", shape)
    assert "melanomas may look so" in shape or "меланома может выглядеть и так" in shape


def test_what_is_out_of_the_usual_is_worth_showing(english: None) -> None:
    dark = replace(ROUND, colours=(Colour.DARK_BROWN, Colour.BLACK, Colour.BLUE_GREY), asymmetry=0.2)
    calm = result_for("nv", Risk.LOW)
    lines = re.findall("• (.*)", visible(explanations.caption(calm, calm, dark)))
    assert lines == [
        "Its halves differ more than in nine of ten harmless moles: worth showing.",
        "Colours seen: 3 (dark brown, black, blue-grey). Worth showing.",
    ]


def test_of_a_spot_that_is_cut_off_no_shape_is_judged(english: None) -> None:
    calm, cut = result_for("nv", Risk.LOW), replace(WIDEST, cut_off=True, colours=())
    lines = re.findall("• (.*)", visible(explanations.caption(calm, calm, cut)))
    assert lines == ["The spot reaches the edge of the photo: its shape cannot be judged."]
