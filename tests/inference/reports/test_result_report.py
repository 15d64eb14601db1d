"""The pages for a doctor: what they say, in both languages, and that they are made in time."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inference.analysis import CLASSES, Risk
from inference.registry.performance import performance_of
from inference.registry.registry import DEFAULT_WEIGHTS
from inference.reports import wording
from inference.reports.result import Answered, ResultReport, result_pdf
from tests.bot.examinations import SERVED, examination, refused
from tests.bot.examples import FORBIDDEN, result_for
from tests.pages import pdf_pages

LINK = "https://t.me/lesion_triage_bot?start=result_12"
WARNED = {
    "en": {
        Risk.HIGH: "Warning raised: signs of a malignant or pre-malignant lesion",
        Risk.RAISED: "Warning raised: a malignant or pre-malignant lesion is possible",
        Risk.LOW: "No warning raised by the model",
    },
    "ru": {
        Risk.HIGH: "Предупреждение: признаки злокачественного или предракового",
        Risk.RAISED: "Предупреждение: возможно злокачественное или предраковое",
        Risk.LOW: "Модель не нашла тревожных признаков",
    },
}


each_language = pytest.mark.parametrize("language", ["en", "ru"])


def answered_with(label: str, risk: Risk, **probabilities: float) -> Answered:
    result = result_for(label, risk, **probabilities)
    return Answered(result.label, result.probabilities, result.risk)


def report(answered: Answered) -> ResultReport:
    return ResultReport(
        received_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        answered=answered,
        answers={},
        examination=examination(),
        performance=performance_of(DEFAULT_WEIGHTS, "phone", SERVED),
        operator="Clinic of the example",
        program="@lesion_triage_bot",
        link=LINK,
    )


@each_language
@pytest.mark.parametrize("risk", Risk)
def test_a_report_has_all_that_a_doctor_asks_for_on_two_pdf_pages(
    language: str, risk: Risk, caplog: pytest.LogCaptureFixture
) -> None:
    content = result_pdf(report(answered_with("bkl", risk, mel=0.2, bcc=0.123, akiec=0.0004)), language)
    texts = pdf_pages(content)
    assert len(texts) <= 2
    text = " ".join(texts)
    for name in CLASSES:
        assert wording.term(name, language) in text
    for number in ("20.0", "12.3", "<0.1") if language == "en" else ("20,0", "12,3", "<0,1"):
        assert number in text
    for passage in (WARNED[language][risk], SERVED, LINK, "MILK10k", "PAD-UFES-20", "Clinic of the example"):
        assert passage in text
    assert not FORBIDDEN.search(text)
    # A letter that the fonts lack is a hole in the page.
    assert caplog.text == ""


@each_language
def test_the_table_of_figures_is_not_torn_between_two_pages(language: str) -> None:
    # Each further answer moves the table down by a row.
    names = ["itch", "grew", "hurt", "changed", "bleed", "elevation"]
    for number in range(len(names) + 1):
        given = replace(report(answered_with("nv", Risk.LOW)), answers=dict.fromkeys(names[:number], True))
        [page] = [each for each in pdf_pages(result_pdf(given, language)) if "MILK10k" in each]
        assert "PAD-UFES-20" in page


@each_language
def test_the_figures_are_those_of_the_released_report(language: str) -> None:
    kinds = json.loads((DEFAULT_WEIGHTS / "kinds-test.json").read_bytes())["tables"]["By set and kind of picture"]
    share, lower, upper = (round(100 * each) for each in kinds["MILK10k, close-up by camera"]["accuracy"])
    space = "" if language == "en" else "\u00a0"
    text = " ".join(pdf_pages(result_pdf(report(answered_with("nv", Risk.LOW)), language)))
    assert f"{share}{space}% ({lower}–{upper})".replace("\u00a0", " ") in text.replace("\u00a0", " ")


@each_language
def test_answers_of_the_person_are_listed_as_given(language: str) -> None:
    given = replace(
        report(answered_with("nv", Risk.LOW)), answers={"itch": True, "grew": "False", "age": 54, "hurt": ""}
    )
    text = " ".join(pdf_pages(result_pdf(given, language)))
    expected = ("It itches yes", "It has grown no", "Age 54") if language == "en" else ("Чешется да", "Выросло нет")
    for line in expected:
        assert line in text
    assert ("It hurts" if language == "en" else "Болит") not in text


@each_language
def test_a_warning_for_symptoms_says_that_it_is_for_them(language: str) -> None:
    text = pdf_pages(result_pdf(report(replace(answered_with("nv", Risk.RAISED), symptoms=True)), language))[0]
    said = "the person reports symptoms" if language == "en" else "пациент сообщает о симптомах"
    assert f"{said}." in text


@each_language
def test_a_report_says_where_no_kind_stands_out_and_which_spot_is_meant(language: str) -> None:
    plain = pdf_pages(result_pdf(report(answered_with("nv", Risk.LOW)), language))[0]
    open_ = replace(answered_with("nv", Risk.RAISED, mel=0.3, bkl=0.3), spots=3)
    told = pdf_pages(result_pdf(report(open_), language))[0]
    for words in (
        {"en": "No single kind stands out.", "ru": "Ни один вид не выделяется."}[language],
        {"en": "Spots in the photo: 3.", "ru": "Пятен на снимке: 3."}[language],
    ):
        assert words in told and words not in plain


@each_language
def test_what_the_photo_says_now_is_told_where_the_answer_was_another(language: str) -> None:
    said = "read again for this report" if language == "en" else "прочитанному заново"
    assert said not in " ".join(pdf_pages(result_pdf(report(answered_with("nv", Risk.LOW)), language)))
    assert said in " ".join(pdf_pages(result_pdf(report(answered_with("mel", Risk.HIGH)), language)))


@each_language
def test_a_photo_that_is_refused_now_still_has_a_report_of_its_answer(language: str) -> None:
    content = result_pdf(
        replace(report(answered_with("mel", Risk.HIGH)), examination=refused(), performance=()), language
    )
    assert wording.term("mel", language) in pdf_pages(content)[0]


@pytest.mark.alone
@each_language
def test_a_report_is_made_in_less_than_two_seconds(language: str) -> None:
    began = time.monotonic()
    result_pdf(report(answered_with("nv", Risk.LOW)), language)
    assert time.monotonic() - began < 2


@each_language
def test_a_report_without_a_bot_has_neither_its_name_nor_a_link(language: str) -> None:
    told = report(answered_with("nv", Risk.LOW))
    text = " ".join(pdf_pages(result_pdf(replace(told, program=None, link=None), language)))
    assert "@" not in text and "t.me" not in text
    assert (
        "Made by a program. Not a diagnosis" if language == "en" else "Составлено программой. Это не диагноз"
    ) in text
