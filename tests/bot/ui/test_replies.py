"""What is said about a photo, by the rules of care and within Telegram's limits."""

import re

import pytest

from bot.results import REASONS, Reason, Result, Trouble, to_stored
from bot.ui import replies, texts
from bot.ui.callbacks import Explain, HistoryEntry, HistoryPage
from bot.ui.commands import staff_commands, user_commands
from inference.analysis import CLASSES, Risk
from storage.staff import Role
from tests.bot.examples import FORBIDDEN, result_for, units, visible

WIDEST_DATE = "28 сентября 2026 г. в 23:59 UTC, plus"


@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("label", CLASSES)
def test_every_answer_says_all_that_it_must_and_fits_a_caption(language: str, label: str, risk: Risk) -> None:
    text = replies.answer(result_for(label, risk, mel=0.001, bcc=0.12, vasc=0.08), number=10)
    plain = visible(text)
    assert units(f"{WIDEST_DATE}\n{text}") <= replies.MAX_CAPTION
    assert replies.class_name(label) in plain.splitlines()[0]
    assert all(replies.class_name(name) in plain for name in CLASSES)
    assert len(re.findall(r"^[<>]?\d+\u00a0?%", plain, re.M)) == len(CLASSES)
    assert plain.splitlines()[-1] == replies.not_a_diagnosis()
    assert not FORBIDDEN.search(plain)


def test_low_risk_reads_as_the_rules_have_it(english: None) -> None:
    text = visible(replies.answer(result_for("nv", Risk.LOW)))
    assert "No warning signs found by the model. See a doctor if it changes, bleeds, itches or grows." in text
    assert "dermatologist" not in text


@pytest.mark.parametrize("risk", [Risk.HIGH, Risk.RAISED])
def test_a_12_percent_melanoma_is_a_warning_even_where_nevus_wins(english: None, risk: Risk) -> None:
    text = visible(replies.answer(result_for("nv", risk, mel=0.12)))
    assert text.startswith("Most likely: mole (melanocytic nevus)")
    assert "cancer or a pre-cancer is possible (12%)" in text
    assert "Show it to a dermatologist or oncologist soon." in text


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "0"), (0.004, "<1"), (0.0099, "<1"), (0.12, "12"), (0.99, "99"), (0.991, ">99"), (1.0, "100")],
)
def test_what_is_possible_never_reads_as_nothing(language: str, probability: float, words: str) -> None:
    space = "\u00a0" if language == "ru" else ""
    assert replies.percent(probability) == f"{words}{space}%"


@pytest.mark.parametrize("reason", REASONS.values())
def test_every_reason_comes_with_something_to_do(language: str, reason: Reason) -> None:
    title, _, help_ = visible(replies.apology(reason)).partition("\n")
    assert title
    assert help_
    assert reason in (Trouble.NO_CONSENT,) or replies.keyboard(Result(reason=reason), 1).inline_keyboard
    assert replies.headline(Result(reason=reason))


@pytest.mark.parametrize("risk", Risk)
def test_an_album_of_ten_fits_one_message(language: str, risk: Risk) -> None:
    text = replies.summary([result_for("bkl", risk, mel=0.3)] * 10)
    assert units(text) <= 4096
    assert visible(text).splitlines()[-1] == replies.not_a_diagnosis()
    assert units(replies.summary([Result(reason=reason) for reason in REASONS.values()][:10])) <= 4096


def test_an_album_names_each_photo_with_what_became_of_it(english: None) -> None:
    text = visible(replies.summary([result_for("nv", Risk.LOW), Result(reason=Trouble.EXPIRED)]))
    assert "Photo 1: mole (melanocytic nevus), 100%" in text
    assert "Photo 2: I could not get this photo from Telegram" in text


def test_a_finding_survives_storing() -> None:
    for each in (result_for("mel", Risk.HIGH), *(Result(reason=reason) for reason in REASONS.values())):
        assert Result.stored(to_stored(each, None)) == each


def test_other_texts_fit_and_promise_nothing(language: str) -> None:
    for text in (
        texts.welcome() + texts.terms("A name" * 15),
        replies.apology(Trouble.NO_CONSENT) + texts.terms("A name" * 15),
        texts.help_text(),
        texts.ready(),
    ):
        assert units(text) <= 4096
        assert not FORBIDDEN.search(visible(text))


def test_the_profile_fits_and_says_what_the_bot_is_not(language: str) -> None:
    assert len(texts.description()) <= 512
    assert len(texts.short_description()) <= 120
    assert "diagnosis" in texts.description() or "диагноз" in texts.description()


def test_the_operator_cannot_break_the_markup(language: str) -> None:
    assert "<Dr & Co>" in visible(texts.terms("<Dr & Co>"))


def test_commands_and_buttons_keep_to_the_limits(language: str) -> None:
    for command in user_commands() + staff_commands(Role.OWNER):
        assert 1 <= len(command.description) <= 256
    assert len(HistoryEntry(request_id=2**63 - 1).pack().encode()) <= 64
    assert len(HistoryPage(number=10**6, as_new_message=True).pack().encode()) <= 64


def test_an_album_has_a_button_for_each_answer_by_the_number_of_its_photo(language: str) -> None:
    rows = replies.album_keyboard({number: 100 + number for number in (1, 2, 4, 5)}).inline_keyboard
    assert [len(row) for row in rows] == [3, 1, 1]
    data = [each.callback_data or "" for row in rows[:2] for each in row]
    assert [Explain.unpack(each).request_id for each in data] == [101, 102, 104, 105]
    assert [re.findall(r"\d", each.text) for row in rows[:2] for each in row] == [["1"], ["2"], ["4"], ["5"]]
    assert len(replies.album_keyboard({3: 7}).inline_keyboard) == 2
    assert len(replies.album_keyboard({}).inline_keyboard) == 1
    assert len(Explain(request_id=2**63 - 1).pack().encode()) <= 64
