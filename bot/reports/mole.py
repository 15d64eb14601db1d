"""The report of a mole over time, on at most two A4 pages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from aiogram.utils.i18n import gettext as _

from bot.moles import wording as moles_wording
from bot.moles.measurements import Standing
from bot.moles.service import drawn
from bot.results import Result
from bot.ui.names import current_language
from bot.ui.texts import day, moment
from inference.analysis import Risk
from inference.classes import SUSPICIOUS
from inference.comparison.change import Mark, Measurement, error
from inference.engine.engine import Examination
from inference.registry.performance import Performance
from inference.reports import wording
from inference.reports.page import Pages
from inference.reports.result import ACCENTS, write_limits, write_models, write_notes
from storage.records import Mole, MolePhoto

# More do not fit on the pages. The first photo always stays.
MOST_ROWS: Final = 14


@dataclass(frozen=True)
class MoleReport:
    """The data of a mole's report. `first` and `last` are its first and last photo, analysed now."""

    mole: Mole
    standing: Standing
    first: Examination
    last: Examination
    performance: tuple[Performance, ...]
    bot_name: str
    operator: str | None


def mole_pdf(report: MoleReport) -> bytes:
    """The report as a file, in the current language."""
    title = _("A mole over time, followed by a program")
    foot = _("Made by the program @{bot}. Not a diagnosis.").format(bot=report.bot_name)
    pages = Pages(title, current_language(), foot)
    pages.headline(
        title,
        [
            _("Named by the patient: {name} · report made {now}").format(
                name=shown(report.mole.name), now=moment(datetime.now(UTC))
            ),
            _("Patient: ________________________________   Born: ______________   Site of the lesion: ______________"),
        ],
    )
    pages.ln(2)
    standing = report.standing
    risk = (standing.last.risk if standing.last is not None else None) or Risk.LOW
    if standing.changed and risk is Risk.LOW:
        risk = Risk.RAISED
    pages.verdict(moles_wording.sentence(standing), ACCENTS[risk])
    if len(standing.photos) > 1 and report.first.outlined and report.last.outlined:
        words = _(
            "The last photo is turned and scaled to lie like the first; yellow is the first outline. Bars: one "
            "standard deviation between two photos of an unchanged lesion."
        )
        pages.pictures([(drawn(standing, report.first, report.last), words)], height=105)
    elif report.last.outlined is not None:
        caption = wording.photo_caption(report.last.analysis.domain, pages.language)
        outlined = _("The lesion as the program outlined it")
        pages.pictures([(report.last.photo, caption), (report.last.outlined, outlined)])
    pages.heading(_("Time line"))
    pages.grid(time_line(standing), (1.5, 1.1, 2.5, 1.8, 1.5, 1.5, 1.1))
    write_models(pages, report.last, report.performance)
    write_limits(pages, report.operator)
    write_notes(pages, lines=4)
    return pages.content()


def shown(name: str) -> str:
    """A name with only the characters that the fonts have: Latin and Cyrillic letters."""
    return "".join(each if ord(each) < 0x530 else "?" for each in name)


def time_line(standing: Standing) -> list[tuple[str, ...]]:
    """A table head and a row for each photo, the oldest first. If there are too many, only the first and the latest."""
    head = (
        _("Photo of"),
        _("Taken with"),
        _("Likeliest class"),
        _("Malignant and pre-malignant"),
        _("Asymmetry"),
        _("Contrast to skin"),
        _("Diameter"),
    )
    pairs = list(zip(standing.photos, standing.measurements, strict=True))
    kept = pairs if len(pairs) <= MOST_ROWS else [pairs[0], *pairs[-MOST_ROWS + 1 :]]
    return [head, *(_row(photo, measurement) for photo, measurement in kept)]


def _row(photo: MolePhoto, measurement: Measurement) -> tuple[str, ...]:
    result = Result.stored(photo.request.result or {})
    suspicious = min(1.0, sum(result.probabilities.get(name, 0.0) for name in SUSPICIOUS))
    spread = {
        mark: error(getattr(measurement.marks, mark.value), mark, measurement.domain)
        for mark in (Mark.ASYMMETRY, Mark.CONTRAST)
    }
    term, share, decimal = (
        partial(each, language=current_language()) for each in (wording.term, wording.share, wording.decimal)
    )
    label = f"{term(result.label)}, {share(result.probabilities[result.label])}" if result.label else "–"
    return (
        day(photo.request.created_at),
        _("dermatoscope") if measurement.domain == "dermatoscope" else _("camera"),
        label,
        share(suspicious),
        f"{decimal(100 * measurement.marks.asymmetry.value)} ± {decimal(100 * spread[Mark.ASYMMETRY])} %",
        f"{decimal(measurement.marks.contrast.value)} ± {decimal(spread[Mark.CONTRAST])}",
        moles_wording.millimetres(measurement.millimetres) if measurement.millimetres is not None else "–",
    )
