"""Figures for the admins, as HTML: the served models and what was measured of them, the use by day."""

from collections.abc import Sequence
from html import escape

from aiogram.utils.i18n import gettext as _

from inference.engine import ServedModel
from storage.records import DayStats


def model_card(model: ServedModel) -> str:
    """A served model with its version, measured figures and licence."""
    lines = [f"<b>{escape(model.name)} {escape(model.version)}</b> · {escape(model.role)}"]
    for split, metrics in model.metrics.items():
        lines.append(_("Measured on “{split}” (interval of 95 %):").format(split=escape(split)))
        lines += [
            f"{escape(name.replace('_', ' '))}: {estimate:.3f} ({lower:.3f}–{upper:.3f})"
            for name, (estimate, lower, upper) in metrics.items()
        ]
    return "\n".join([*lines, _("Licence: {licence}").format(licence=escape(model.licence))])


def stats(days: Sequence[DayStats], recipients: int) -> str:
    """Requests and people by UTC day, newest first, as a table a phone can show."""
    titles = [_("Day"), _("All"), _("Answ."), _("Ref."), _("Fail."), _("People")]
    rows = [
        [
            f"{each.day:%m-%d}",
            *map(str, (each.requests, each.answered, each.refused, each.failed, each.users)),
        ]
        for each in days
    ]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    table = "\n".join(
        " ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [titles, *rows]
    )
    return "\n".join(
        [
            "<b>" + _("Requests by day (UTC): all, answered, refused, failed; people") + "</b>",
            f"<pre>{escape(table)}</pre>",
            _("Recipients of announcements: {number}").format(number=recipients),
        ]
    )
