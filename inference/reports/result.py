"""The report of one result, on at most two A4 pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from inference.analysis import Risk
from inference.classes import MALIGNANT, PREMALIGNANT
from inference.drawing import verdict
from inference.engine.engine import Examination
from inference.registry.performance import Performance
from inference.reports import wording
from inference.reports.page import Colour, Pages
from inference.reports.wording import moment, translator

ACCENTS: Final[Mapping[Risk, Colour]] = {
    Risk.HIGH: (200, 40, 40),
    Risk.RAISED: (222, 132, 0),
    Risk.LOW: (40, 108, 190),
}
_BENIGN: Final[Colour] = (132, 146, 166)
_LEAST_SHOWN: Final = 0.0005


@dataclass(frozen=True)
class Answered:
    """The answer that a person read; see `Analysis`.

    `symptoms`: whether they report any. `spots`: how many there are.
    """

    label: str | None
    probabilities: Mapping[str, float]
    risk: Risk | None
    symptoms: bool = False
    spots: int = 1


@dataclass(frozen=True)
class ResultReport:
    """The data of a result's report.

    `answered` is what the person read, `examination` the photo as it is read now. `answers` are the person's own,
    question by question. `program` is the name of the bot or site that answered, and `link` opens the result there.
    Both may be None.
    """

    received_at: datetime
    answered: Answered
    answers: Mapping[str, object]
    examination: Examination
    performance: tuple[Performance, ...]
    operator: str | None
    program: str | None = None
    link: str | None = None


def result_pdf(report: ResultReport, language: str) -> bytes:
    """The report as a file, in "en" or "ru"."""
    _ = translator(language)
    title = _("Photo of a skin lesion, read by a program")
    foot = (
        _("Made by the program {name}. Not a diagnosis.").format(name=report.program)
        if report.program
        else _("Made by a program. Not a diagnosis.")
    )
    pages = Pages(title, language, foot)
    pages.headline(
        title,
        [
            _("Photo received {when} · report made {now}").format(
                when=moment(report.received_at, language), now=moment(datetime.now(UTC), language)
            ),
            _("Patient: ________________________________   Born: ______________   Site of the lesion: ______________"),
        ],
    )
    pages.ln(2)
    write_reading(pages, report.answered, report.examination)
    write_answers(pages, report.answers)
    write_models(pages, report.examination, report.performance)
    write_limits(pages, report.operator)
    if report.link is not None:
        pages.link_line(_("This result in the bot, for the patient alone:"), report.link)
    write_notes(pages)
    return pages.content()


def write_reading(pages: Pages, answered: Answered, examination: Examination) -> None:
    """The warning, the pictures, the probabilities and the measures."""
    _ = translator(pages.language)
    term, share = (partial(each, language=pages.language) for each in (wording.term, wording.share))
    analysis = examination.analysis
    risk = answered.risk or Risk.LOW
    pages.verdict(_verdict(answered, pages.language), ACCENTS[risk])
    if examination.outlined is not None and examination.glowing is not None:
        pages.pictures(
            [
                (examination.photo, wording.photo_caption(analysis.domain, pages.language)),
                (examination.outlined, _("The lesion as the program outlined it")),
                (examination.glowing, wording.heat_caption(analysis.risk, pages.language)),
            ]
        )
    pages.heading(_("Probabilities, calibrated"))
    ranking = sorted(answered.probabilities.items(), key=lambda item: -item[1])
    pages.bars([(term(name), share(each), each, _colour(name)) for name, each in ranking])
    suspicious = sum(answered.probabilities.get(name, 0.0) for name in (*MALIGNANT, *PREMALIGNANT))
    pages.paragraph(
        _(
            "Malignant (red) and pre-malignant (orange) together: {share}. A warning goes by them, "
            "not by the first bar."
        ).format(share=share(min(1.0, suspicious))),
        small=True,
    )
    if _differs(answered, analysis.probabilities):
        now = ", ".join(
            f"{term(name)} {share(each)}"
            for name, each in sorted(analysis.probabilities.items(), key=lambda item: -item[1])[:3]
        )
        pages.paragraph(
            _(
                "These are the figures that the person was given. The photo alone, read again for this report: {now}."
            ).format(now=now),
            small=True,
        )
    if examination.measures is not None:
        pages.heading(_("Measured inside the outline (ABCD), without a verdict"))
        pages.grid(wording.measured(examination.measures, pages.language), (3, 2), headed=False)


def write_answers(pages: Pages, answers: Mapping[str, object]) -> None:
    """What the person said about the spot."""
    _ = translator(pages.language)
    rows = wording.answered(answers, pages.language)
    pages.heading(_("What the person said about it"))
    if rows:
        pages.grid(rows, (3, 2), headed=False)
    else:
        pages.paragraph(_("Nothing was asked or answered."))


def write_notes(pages: Pages, lines: int = 8) -> None:
    """Room for the doctor."""
    _ = translator(pages.language)
    pages.heading(_("The doctor's notes"), room=8.0 * lines + 16)
    pages.room_to_write(_("Findings, what is to be done, date and signature"), lines)


def write_models(pages: Pages, examination: Examination, performance: tuple[Performance, ...]) -> None:
    """The models that answered, and how good they are with such photos."""
    _ = translator(pages.language)
    # The names of the models, the head of the table, and its rows: a table is read as a whole.
    pages.heading(_("How good the program is with such photos"), room=40 + 10 * len(performance))
    roles = {"classifier": _("classifier"), "segmenter": _("outline"), "gate": _("what is no lesion")}
    names = "; ".join(f"{roles.get(role, role)}: {name}" for role, name in examination.analysis.models.items())
    pages.paragraph(_("Models: {names}").format(names=names), small=True)
    pages.ln(1)
    if not performance:
        pages.paragraph(_("There are no figures of these models for this kind of photo."))
        return
    pages.grid(wording.figures(performance, pages.language), (2.6, 1, 1.5, 1.5, 1.9, 1.5))
    pages.paragraph(
        _(
            "Photos that no model has learnt from and by which nothing was chosen. In brackets the 95% bootstrap "
            "interval, too narrow where lesions were few. In these sets every lesion was in doubt or of interest; "
            "elsewhere the shares differ."
        ),
        small=True,
    )


def write_limits(pages: Pages, operator: str | None) -> None:
    """What the program cannot say."""
    _ = translator(pages.language)
    pages.heading(_("Limits"), room=34)
    pages.paragraph(
        _(
            "The program is no medical device and does not diagnose. It has seen one picture: no touch, no history, "
            "no other lesion. It can miss a melanoma. It learnt from pictures of mostly light skin; children, nails, "
            "mucosa and dark skin are outside of what it learnt. It knows eight kinds of lesions and nothing else. "
            "The heat map shows what the model went by; it proves neither a disease nor that there is none."
        )
    )
    if operator:
        pages.paragraph(_("The program is run by {operator}.").format(operator=operator))
    pages.ln(1)


def _verdict(result: Answered, language: str) -> str:
    _ = translator(language)
    likeliest = wording.term(result.label, language) if result.label is not None else "–"
    if result.risk is Risk.HIGH:
        warning = _("Warning raised: signs of a malignant or pre-malignant lesion.")
    elif result.risk is Risk.RAISED:
        warning = (
            _("Warning raised: the person reports symptoms.")
            if result.symptoms
            else _("Warning raised: a malignant or pre-malignant lesion is possible.")
        )
    else:
        warning = _("No warning raised by the model.")
    lines = [warning]
    if result.label is not None and result.probabilities[result.label] < verdict.STANDS_OUT:
        lines.append(_("No single kind stands out."))
    lines.append(_("Likeliest class: {name}.").format(name=likeliest))
    if result.spots > 1:
        lines.append(_("Spots in the photo: {count}. This is about number 1.").format(count=result.spots))
    return " ".join(lines)


def _colour(label: str) -> Colour:
    if label in MALIGNANT:
        return ACCENTS[Risk.HIGH]
    return ACCENTS[Risk.RAISED] if label in PREMALIGNANT else _BENIGN


def _differs(answered: Answered, now: Mapping[str, float]) -> bool:
    return any(abs(now.get(name, 0.0) - each) > _LEAST_SHOWN for name, each in answered.probabilities.items())
