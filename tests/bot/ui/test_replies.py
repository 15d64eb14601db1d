"""Texts about a photo follow the safety rules and fit Telegram's limits."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.results import REASONS, Reason, Result, Symptom, Trouble, to_stored
from bot.ui import actions, apologies, names, replies, texts
from bot.ui.callbacks import HistoryEntry, HistoryPage
from bot.ui.commands import staff_commands, user_commands
from inference.analysis import CLASSES, Refusal, Risk
from inference.drawing import verdict
from storage.staff import Role
from tests.bot.examples import FORBIDDEN, result_for, units, visible

WIDEST_DATE = "28 сентября 2026 г. в 23:59 UTC, plus"


@pytest.mark.parametrize("every_kind", [False, True])
@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("label", CLASSES)
def test_every_answer_says_all_that_it_must_and_fits_a_caption(
    language: str, label: str, risk: Risk, every_kind: bool
) -> None:
    result = replace(result_for(label, risk, mel=0.001, bcc=0.12, vasc=0.08), domain="phone", missed=0.143, spots=3)
    if risk is not Risk.LOW:
        result = result.reporting(Symptom)
    if risk is Risk.HIGH:
        result = replace(result, before=result_for("nv", Risk.LOW))
    result = replace(result, sent_before=datetime(2026, 9, 28, tzinfo=UTC), model="efficientnet-b0 2.1.0")
    text = replies.answer(result, number=10, every_kind=every_kind)
    plain = visible(text)
    lines = plain.splitlines()
    assert units(f"{WIDEST_DATE}\n{text}") <= replies.MAX_CAPTION
    assert replies.action(result) in lines[0], "what to do comes first"
    assert replies.class_name(label) in plain
    assert len(text.partition("<pre>")[2].partition("</pre>")[0].splitlines()) == (len(CLASSES) if every_kind else 3)
    # Ten, and what is not always there: several spots, what was said, what the answers changed, an earlier sending.
    extra = [result.spots > 1, result.symptoms, result.before is not None, result.sent_before]
    assert every_kind or len(lines) <= 10 + sum(map(bool, extra))
    assert lines[-1] == replies.not_a_diagnosis()
    assert not FORBIDDEN.search(plain)


def test_bars_line_up_and_grow_with_the_share(language: str) -> None:
    result = result_for("nv", Risk.LOW, mel=0.004, bcc=0.2, akiec=0.1)
    rows = visible(replies.bars(result, None)).splitlines()
    found = [re.fullmatch(r"(.{14}) +([<>]?\d+\u00a0?%)( [█▏▎▍▌▋▊▉]+)?", row) for row in rows]
    assert all(found) and len({match.end(2) for match in found if match}) == 1
    assert [len((match and match[3]) or "") for match in found][:3] == sorted(
        (len((match and match[3]) or "") for match in found[:3]), reverse=True
    )
    assert len((found[0] and found[0][3]) or "") == 8, "a space and seven tenths of ten"


def test_low_risk_reads_as_the_rules_have_it(english: None) -> None:
    result = replace(result_for("nv", Risk.LOW), domain="phone", missed=0.143)
    text = visible(replies.answer(result))
    assert text.startswith("🔵 Watch this spot\n")
    assert "No warning signs found by the model. See a doctor if it changes, bleeds, itches or grows." in text
    assert "Read as a photo by phone. Of 100 melanomas in such photos, about 14 got an answer like this." in text
    assert "dermatologist" not in text
    assert "100 melanomas" not in replies.answer(replace(result, missed=None))


@pytest.mark.parametrize(
    ("risk", "action"),
    [
        (Risk.HIGH, "Show this spot to a dermatologist within days"),
        (Risk.RAISED, "Have a dermatologist look at it within two weeks"),
    ],
)
def test_a_warning_is_headed_by_what_to_do_even_where_nevus_wins(english: None, risk: Risk, action: str) -> None:
    first, second, third, *_ = visible(replies.answer(result_for("nv", risk, mel=0.12))).splitlines()
    assert first.endswith(action)
    assert second == "Cancer/pre-cancer 12%, other 88%"
    assert third == "Most like: mole (melanocytic nevus)"


def test_below_a_half_no_single_kind_stands_out(english: None) -> None:
    result = result_for("mel", Risk.HIGH, nv=0.36, bkl=0.2)
    assert "No single kind stands out" in replies.answer(result)
    assert "Most like" not in replies.answer(result)


def test_of_several_spots_it_says_which_one_is_meant(language: str) -> None:
    one = replace(result_for("nv", Risk.RAISED), spots=1)
    three = replace(one, spots=3)
    for shown in (replies.answer, lambda result: replies.summary([result, one])):
        assert len(visible(shown(three)).splitlines()) == len(visible(shown(one)).splitlines()) + 1
        assert verdict.several(3, language) in visible(shown(three))
    assert Result.stored(to_stored(three, None)) == three
    assert Result.stored({**to_stored(one, None), "spots": 1}).spots == 1


def test_what_a_person_reports_raises_the_answer_and_is_said(language: str) -> None:
    calm = result_for("nv", Risk.LOW)
    told = calm.reporting({Symptom.BLEEDS})
    assert told.risk is Risk.RAISED and told.reporting({Symptom.GREW}).symptoms == (Symptom.BLEEDS, Symptom.GREW)
    assert result_for("nv", Risk.HIGH).reporting({Symptom.BLEEDS}).risk is Risk.HIGH
    assert calm.reporting(()) is calm
    text = visible(replies.answer(told))
    assert replies.symptom_name(Symptom.BLEEDS) in text.splitlines()[1]
    assert "🔵" not in text and "🟠" in text


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "0"), (0.004, "<1"), (0.0099, "<1"), (0.12, "12"), (0.99, "99"), (0.991, ">99"), (1.0, "100")],
)
def test_what_is_possible_never_reads_as_nothing(language: str, probability: float, words: str) -> None:
    space = "\u00a0" if language == "ru" else ""
    assert names.percent(probability) == f"{words}{space}%"


@pytest.mark.parametrize("reason", REASONS.values())
def test_every_reason_comes_with_something_to_do(language: str, reason: Reason) -> None:
    title, _, help_ = visible(apologies.apology(reason)).partition("\n")
    assert title
    assert help_
    assert reason in (Trouble.NO_CONSENT,) or actions.keyboard(Result(reason=reason), 1).inline_keyboard
    assert replies.headline(Result(reason=reason))


@pytest.mark.parametrize("risk", Risk)
def test_an_album_of_ten_fits_one_message(language: str, risk: Risk) -> None:
    text = replies.summary([replace(result_for("bkl", risk, mel=0.3), missed=0.143)] * 10)
    assert text.count("100 ") == (10 if risk is Risk.LOW else 0), "of 100 melanomas it misses some"
    assert units(text) <= 4096
    assert visible(text).splitlines()[-1] == replies.not_a_diagnosis()
    assert units(replies.summary([Result(reason=reason) for reason in REASONS.values()][:10])) <= 4096


def test_an_album_names_the_most_worrying_photo_first(english: None) -> None:
    results = [
        Result(reason=Trouble.EXPIRED), result_for("nv", Risk.LOW), result_for("mel", Risk.RAISED),
        result_for("nv", Risk.HIGH, mel=0.2), result_for("nv", Risk.HIGH, mel=0.4),
    ]  # fmt: skip
    text = visible(replies.summary(results))
    assert re.findall(r"^Photo (\d)", text, re.M) == ["5", "4", "3", "2", "1"]
    assert text.startswith("Photo 5: 🔴 Show this spot to a dermatologist within days\nCancer/pre-cancer 40%")
    assert "Photo 1: I could not get this photo from Telegram" in text


def test_a_finding_survives_storing() -> None:
    melanoma = replace(result_for("mel", Risk.HIGH), domain="phone", missed=0.1, before=result_for("nv", Risk.LOW))
    for each in (melanoma.reporting(Symptom), *(Result(reason=reason) for reason in REASONS.values())):
        assert Result.stored(to_stored(each, None)) == each


@pytest.mark.parametrize("reason", Refusal)
def test_every_refusal_ends_with_what_to_do_if_worried(language: str, reason: Refusal) -> None:
    last = visible(apologies.apology(reason)).splitlines()[-1]
    assert ("Worried" in last and "doctor" in last) or ("Беспокоит" in last and "врачу" in last)


def test_other_texts_fit_and_promise_nothing(language: str) -> None:
    for text in (
        texts.welcome() + texts.terms("A name" * 15),
        apologies.apology(Trouble.NO_CONSENT) + texts.terms("A name" * 15),
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


def test_an_album_opens_each_answer_by_the_number_of_its_photo(language: str) -> None:
    mole = result_for("nv", Risk.LOW)
    rows = actions.album_keyboard({number: (mole, 100 + number) for number in (1, 2, 4, 5)}).inline_keyboard
    assert [len(row) for row in rows] == [3, 1]
    data = [each.callback_data or "" for row in rows for each in row]
    assert [HistoryEntry.unpack(each).request_id for each in data] == [101, 102, 104, 105]
    assert [re.findall(r"\d", each.text) for row in rows for each in row] == [["1"], ["2"], ["4"], ["5"]]
    assert actions.album_keyboard({3: (mole, 7)}) == actions.keyboard(mole, 7)
    assert len(actions.album_keyboard({}).inline_keyboard) == 1


def test_every_action_of_an_answer_fits_a_button(language: str) -> None:
    for row in actions.keyboard(result_for("nv", Risk.LOW), 2**63 - 1).inline_keyboard:
        for button in row:
            assert len((button.callback_data or "").encode()) <= 64
