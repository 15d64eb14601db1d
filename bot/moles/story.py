"""A mole over time: slides from the first photo to the last, a table, and what counts as a change.

It is one rich message. A server that does not support these gets an album and a text.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

from aiogram.types import (
    InputMediaPhoto,
    InputRichBlockDetails,
    InputRichBlockFooter,
    InputRichBlockParagraph,
    InputRichBlockPhoto,
    InputRichBlockSectionHeading,
    InputRichBlockSlideshow,
    InputRichBlockTable,
    InputRichMessage,
    RichBlockCaption,
    RichBlockTableCell,
    RichTextDateTime,
)
from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.dates import format_date

from bot.moles import wording
from bot.moles.measurements import Standing
from bot.results import Result
from bot.ui import replies
from bot.ui.names import percent
from bot.ui.texts import day
from inference.comparison.change import Measurement
from inference.drawing.verdict import group_share
from storage.records import Mole, MolePhoto

MOST = 10
"""Telegram's limit for an album. If there are more photos, it shows the first and the latest."""

Pair = tuple[MolePhoto, Measurement]


def rich(mole: Mole, standing: Standing) -> InputRichMessage:
    """The whole story as one message."""
    pairs = _kept(standing)
    measured = _is_measured(pairs)
    slides: list[Any] = [
        InputRichBlockPhoto(
            photo=InputMediaPhoto(media=photo.request.reply_file_id), caption=RichBlockCaption(text=_date(photo))
        )
        for photo, _finding in pairs
        if photo.request.reply_file_id is not None
    ]
    cell = partial(RichBlockTableCell, align="left", valign="top")
    head = [cell(text=title, is_header=True) for title in _titles(measured=measured)]
    rows = [
        [cell(text=_date(photo)), *(cell(text=each) for each in _figures(photo, found, measured=measured))]
        for photo, found in pairs
    ]
    return InputRichMessage(
        blocks=[
            InputRichBlockSectionHeading(text=mole.name, size=3),
            *([InputRichBlockSlideshow(blocks=slides)] if len(slides) > 1 else slides),
            InputRichBlockParagraph(text=wording.sentence(standing)),
            InputRichBlockTable(cells=[head, *rows], is_striped=True, is_compact=True),
            InputRichBlockDetails(
                summary=_("What counts as a change"), blocks=[InputRichBlockParagraph(text=_what_counts())]
            ),
            InputRichBlockFooter(text=replies.not_a_diagnosis()),
        ]
    )


def plain(mole: Mole, standing: Standing) -> str:
    """The story without its pictures, as HTML."""
    pairs = _kept(standing)
    measured = _is_measured(pairs)
    rows = [
        (_in_figures(photo.request.created_at), *_figures(photo, found, measured=measured)) for photo, found in pairs
    ]
    listed = "\n".join(" · ".join(row) for row in [_titles(measured=measured), *rows])
    return "\n\n".join(
        [
            f"<b>{escape(mole.name)}</b>\n{escape(wording.sentence(standing))}",
            escape(listed),
            f"<blockquote expandable>{escape(_what_counts())}</blockquote>\n<i>{replies.not_a_diagnosis()}</i>",
        ]
    )


def pictures(standing: Standing) -> list[tuple[str, str]]:
    """The file ids of the answers' pictures, each with its day."""
    kept = [photo.request for photo, _finding in _kept(standing)]
    return [(each.reply_file_id, day(each.created_at)) for each in kept if each.reply_file_id is not None]


def _kept(standing: Standing) -> Sequence[Pair]:
    pairs = list(zip(standing.photos, standing.measurements, strict=True))
    return pairs if len(pairs) <= MOST else [pairs[0], *pairs[1 - MOST :]]


def _date(photo: MolePhoto) -> RichTextDateTime:
    """The day in figures, in the reader's own time zone."""
    when = photo.request.created_at
    return RichTextDateTime(text=_in_figures(when), unix_time=int(when.timestamp()), date_time_format="d")


def _in_figures(when: datetime) -> str:
    return str(format_date(when, "short", locale=get_i18n().current_locale))


def _titles(*, measured: bool) -> tuple[str, ...]:
    titles = _("Photo of"), _("Cancer or pre-cancer"), _("Asymmetry")
    return (*titles, _("Diameter")) if measured else titles


def _figures(photo: MolePhoto, measurement: Measurement, *, measured: bool) -> tuple[str, ...]:
    result = Result.stored(photo.request.result or {})
    figures = percent(group_share(result.probabilities)), percent(measurement.marks.asymmetry.value)
    size = "–" if measurement.millimetres is None else wording.millimetres(measurement.millimetres)
    return (*figures, size) if measured else figures


def _is_measured(pairs: Sequence[Pair]) -> bool:
    """Whether the person gave a diameter. Otherwise its column is left out."""
    return any(measurement.millimetres is not None for _photo, measurement in pairs)


def _what_counts() -> str:
    return _(
        "Light, distance and angle make two photos of an unchanged mole differ. Only what differs by more than twice "
        "the usual is called a change. The area in a photo depends on the distance, so it never counts. For size, "
        "measure the mole with a ruler."
    )
