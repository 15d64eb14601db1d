"""Texts about a mole: its card, its line in the list, and whether it has changed."""

from datetime import datetime
from html import escape

from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.numbers import format_decimal

from bot.moles.measurements import Standing
from bot.ui import replies
from bot.ui.names import current_language
from bot.ui.texts import day, day_shown
from inference.analysis import Risk
from inference.drawing.over_time import change_in_words
from storage.records import Mole


def card(mole: Mole, standing: Standing, reminder: tuple[int, datetime] | None, *, compared: bool = False) -> str:
    """Everything about a mole, as HTML. If its photos are `compared` in a picture, it explains the picture."""
    lines = [f"<b>{escape(mole.name)}</b>"]
    if standing.photos:
        first, last = (standing.photos[place].request.created_at for place in (0, -1))
        if day(first) == day(last):
            taken = _("Photos: {number}, of {day}").format(number=len(standing.photos), day=day_shown(first))
        else:
            taken = _("Photos: {number}, from {first} to {last}").format(
                number=len(standing.photos), first=day_shown(first), last=day_shown(last)
            )
        lines.append(taken)
    if standing.last is not None:
        lines.append(_("Last answer: {answer}").format(answer=escape(replies.headline(standing.last))))
    lines += ["", escape(sentence(standing))]
    if reminder is not None:
        lines.append(_("Next reminder: {day}").format(day=day_shown(reminder[1])))
    if compared:
        lines += ["", what_is_drawn()]
    return "\n".join([*lines, "", f"<i>{replies.not_a_diagnosis()}</i>"])


def what_is_drawn() -> str:
    """What lines and bars mean in the picture of a comparison."""
    return _("Yellow: the outline of the first photo. Bars: how far two photos of an unchanged mole differ.")


def line(mole: Mole, standing: Standing) -> str:
    """A mole in the list, as HTML."""
    name = f"<b>{escape(mole.name)}</b>"
    if standing.last is None:
        return f"{name}\n{escape(sentence(standing))}"
    return f"{name}\n{escape(replies.headline(standing.last))}\n{escape(_state(standing))}"


def sentence(standing: Standing) -> str:
    """Whether a mole has changed and what to do, in plain text. It never says that all is well."""
    if not standing.photos:
        return _("No photo is left of it.")
    warned = standing.last is not None and standing.last.risk in (Risk.RAISED, Risk.HIGH)
    warning = (
        " " + _("The answer to its last photo was a warning: show it to a doctor, changed or not.") if warned else ""
    )
    return _state(standing) + warning + _size(standing)


def _state(standing: Standing) -> str:
    since = day(standing.photos[0].request.created_at) if standing.photos else ""
    return change_in_words(standing.measurements, since, current_language())


def _size(standing: Standing) -> str:
    if len(standing.photos) < 2 or standing.changed:
        return ""
    measured = [each.millimetres for each in (standing.measurements[0], standing.measurements[-1])]
    if None in measured:
        return " " + _(
            "Photos without a scale do not show whether it has grown: measure it with a ruler. If it changes, "
            "bleeds, itches or grows, see a doctor."
        )
    return " " + _("If it changes, bleeds, itches or grows, see a doctor.")


def millimetres(value: float) -> str:
    """A diameter as the language writes it."""
    return _("{number} mm").format(number=format_decimal(value, "0.#", locale=get_i18n().current_locale))
