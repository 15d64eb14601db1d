"""The person's own clock."""

from datetime import datetime, timedelta, timezone

from aiogram.utils.i18n import get_i18n
from babel.dates import format_datetime

from bot.ui.i18n import supported_language
from storage.records import User

# Minutes ahead of UTC if the person has not said: Moscow for Russian, UTC for all others.
_OFFSETS = {"ru": 180}
_ZONES = {"ru": "МСК"}


def offset(user: User) -> timedelta:
    """The difference of the person's clock from UTC: as they said, or else by their language."""
    minutes = user.utc_offset
    if minutes is None:
        minutes = _OFFSETS.get(supported_language(user.language), 0)
    return timedelta(minutes=minutes)


def entity(when: datetime, form: str, text: str) -> str:
    """A time as HTML that a client shows in the reader's own time zone; `text` is for clients that cannot.

    `form` is Telegram's: "D" is a day, "t" a time, "Dt" both.
    """
    return f'<tg-time unix="{int(when.timestamp())}" format="{form}">{text}</tg-time>'


def moment_shown(when: datetime, user: User) -> str:
    """`local_moment` as HTML, in the reader's own time zone where the client can."""
    return entity(when, "Dt", local_moment(when, user))


def local_moment(when: datetime, user: User) -> str:
    """A time by the person's clock, in the current language. If the clock is only assumed, it names the zone."""
    here = when.astimezone(timezone(offset(user)))
    text = str(format_datetime(here, "d MMMM y, HH:mm", locale=get_i18n().current_locale))
    if user.utc_offset is not None:
        return text
    return f"{text} {_ZONES.get(supported_language(user.language), 'UTC')}"
