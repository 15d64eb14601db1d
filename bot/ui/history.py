"""Pages of past results in words, with their buttons: all of them, or narrowed to warnings, a month or a mole."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import Any

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.dates import format_skeleton

from bot.results import Result
from bot.ui import replies
from bot.ui.buttons import Button, keyboard
from bot.ui.callbacks import HistoryEntry, HistoryPage, Past, Show, Strip
from bot.ui.clock import moment_shown, offset
from inference.analysis import Risk
from storage.history import ALL, Narrowed
from storage.records import Mole, Request, User

PAGE_SIZE = 5
MONTHS_SHOWN = 24
MONTHS_IN_A_ROW = 2

Shown = tuple[str, InlineKeyboardMarkup]


def narrowed(by: str, user: User) -> Narrowed:
    """The results that a button asks for; months are by the person's clock."""
    if by == "warned":
        return Narrowed(matches=_is_warned)
    if by.startswith("mole-"):
        return Narrowed(mole_id=int(by.removeprefix("mole-")))
    if by:
        year, month = map(int, by.split("-"))
        zone = timezone(offset(user))
        start = datetime(year, month, 1, tzinfo=zone)
        following = (start + timedelta(days=31)).replace(day=1)
        return Narrowed(since=start.astimezone(UTC), until=following.astimezone(UTC))
    return ALL


def months(times: Sequence[datetime], user: User) -> Shown:
    """The months in which photos came, the latest first; `times` are newest first."""
    zone = timezone(offset(user))
    found = list(dict.fromkeys(each.astimezone(zone).strftime("%Y-%m") for each in times))[:MONTHS_SHOWN]
    buttons = [(month_name(each), Past(number=0, by=each).pack()) for each in found]
    rows = [buttons[start : start + MONTHS_IN_A_ROW] for start in range(0, len(buttons), MONTHS_IN_A_ROW)]
    return _("Results of which month?"), keyboard(*rows, [_all_results()])


def moles(found: Sequence[Mole]) -> Shown:
    """The moles whose results can be shown."""
    if not found:
        text = _("You follow no mole yet. Send a photo of one and press “Follow this mole” under the answer.")
        return text, keyboard([_all_results()])
    rows = [[(each.name, Past(number=0, by=f"mole-{each.id}").pack())] for each in found]
    return _("Results of which mole?"), keyboard(*rows, [_all_results()])


def page(requests: Sequence[Request], total: int, number: int, by: str, title: str, user: User) -> Shown:
    """One page of `total` results, counted from 0; `title` names the selection; empty for all."""
    last = max(0, total - 1) // PAGE_SIZE
    if total == 0:
        return f"<b>{escape(title)}</b>\n\n" + _("There is nothing here."), keyboard([_all_results()])
    pages = _("Your results, newest first (page {page} of {pages})").format(page=number + 1, pages=last + 1)
    heading = f"<b>{pages}</b>" + (f"\n{escape(title)}" if title else "")
    first = number * PAGE_SIZE + 1
    lines = [f"{index}. {_line(request, user)}" for index, request in enumerate(requests, first)]
    entries = [
        (str(index), HistoryEntry(request_id=request.id).pack()) for index, request in enumerate(requests, first)
    ]
    turns = [
        (text, _turn(target, by))
        for text, target in ((_("‹ Newer"), number - 1), (_("Older ›"), number + 1))
        if 0 <= target <= last
    ]
    warned = [(_("With a warning"), Past(number=0, by="warned").pack())] if by != "warned" else []
    choices = [(_("By month"), Show.MONTHS.value), (_("By mole"), Show.BY_MOLE.value)]
    below = [(_("Small pictures"), Strip(number=number, by=by).pack())]
    below += [_all_results()] if by else [(_("My clock"), Show.CLOCK.value)]
    text = "\n\n".join([heading, *lines, _("Press a number to see a result again."), _footer()])
    return text, keyboard(entries, turns, warned, choices, below)


def month_name(month: str) -> str:
    """A month such as "2026-11" as the language writes it."""
    year, number = map(int, month.split("-"))
    locale = get_i18n().current_locale
    return str(format_skeleton("yMMMM", datetime(year, number, 1, tzinfo=UTC), locale=locale))


def _is_warned(result: Mapping[str, Any]) -> bool:
    return result.get("risk") in (Risk.RAISED, Risk.HIGH)


def _turn(number: int, by: str) -> str:
    return Past(number=number, by=by).pack() if by else HistoryPage(number=number).pack()


def _all_results() -> Button:
    return _("All results"), HistoryPage(number=0).pack()


def _line(request: Request, user: User) -> str:
    headline = replies.headline(Result.stored(request.result or {}))
    return f"{moment_shown(request.created_at, user)}\n{escape(headline)}"


def _footer() -> str:
    return f"<i>{replies.not_a_diagnosis()}</i>"
