"""Results and moles as PDF, from stored data. No photo is analysed again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiogram.utils.i18n import gettext as _

from bot.moles import wording as moles_wording
from bot.moles.measurements import Standing
from bot.reports.mole import shown, time_line
from bot.results import Result
from bot.ui import apologies
from bot.ui.names import current_language
from bot.ui.texts import day, moment
from inference.drawing import verdict, words
from inference.reports import wording
from inference.reports.page import Pages
from inference.reports.result import write_limits
from storage.records import Mole

MOST_RESULTS: Final = 200
"""Nobody reads more in a PDF. The tables have all results."""


def results_pdf(requests: Sequence[Mapping[str, Any]], total: int, operator: str | None) -> bytes:
    """The latest results of `total`, the newest first, as `storage` exports them. In the current language."""
    pages = _pages(_("Your results"))
    if total > len(requests):
        pages.paragraph(
            _("The latest {number} of {total}. All of them are in results.csv and results.json.").format(
                number=len(requests), total=total
            )
        )
    head = (_("Photo of"), _("What to do"), _("Likeliest class"), _("Cancer or pre-cancer"))
    pages.grid([head, *map(_row, requests)], (1.6, 2.6, 2.6, 1.2))
    write_limits(pages, operator)
    return pages.content()


def mole_pdf(mole: Mole, standing: Standing, pictures: Sequence[tuple[datetime, bytes]], operator: str | None) -> bytes:
    """A mole over time; `pictures` are the first and the last kept photo. In the current language."""
    pages = _pages(_("A mole over time: {name}").format(name=shown(mole.name)))
    pages.paragraph(moles_wording.sentence(standing), bold=True)
    pages.ln(2)
    if pictures:
        pages.pictures([(picture, day(taken)) for taken, picture in pictures])
    pages.heading(_("Time line"))
    pages.grid(time_line(standing), (1.5, 1.1, 2.5, 1.8, 1.5, 1.5, 1.1))
    write_limits(pages, operator)
    return pages.content()


def _pages(title: str) -> Pages:
    pages = Pages(title, current_language(), verdict.not_a_diagnosis(current_language()))
    pages.headline(title, [_("Made {now}").format(now=moment(datetime.now(UTC)))])
    return pages


def _row(request: Mapping[str, Any]) -> tuple[str, ...]:
    when = moment(datetime.fromisoformat(request["created_at"]))
    result = Result.stored(request["result"] or {})
    if result.label is None or result.risk is None:
        return when, apologies.title(result.reason) if result.reason is not None else "–", "–", "–"
    language = current_language()
    share = wording.share(result.probabilities[result.label], language)
    group = wording.share(verdict.group_share(result.probabilities), language)
    return when, words.action(result.risk, language), f"{wording.term(result.label, language)}, {share}", group
