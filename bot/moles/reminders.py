"""Reminders: when they are due in the person's own time, and the task that sends them."""

import asyncio
import logging
from datetime import UTC, datetime, time, timedelta, timezone
from html import escape

from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.moles.buttons import Act, OfMole, Remind, Snooze
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.buttons import keyboard
from bot.ui.clock import offset
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import Reminder, User

logger = logging.getLogger(__name__)

MONTHS = (1, 3, 6)
SNOOZE = timedelta(days=7)
PAUSE_SECONDS = 60.0

_AT = time(10)  # hour in the person's own time


def months_later(now: datetime, months: int, user: User) -> datetime:
    """Ten in the morning in the person's time, on the same day of a later month, or on that month's last day."""
    here = now.astimezone(timezone(offset(user)))
    month = here.month - 1 + months
    year, month = here.year + month // 12, month % 12 + 1
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    last = (following - timedelta(days=1)).day
    return datetime.combine(here.date().replace(year=year, month=month, day=min(here.day, last)), _AT, here.tzinfo)


def snoozed(now: datetime, user: User) -> datetime:
    """Ten in the morning in the person's time, in a week."""
    here = now.astimezone(timezone(offset(user)))
    return datetime.combine(here.date() + SNOOZE, _AT, here.tzinfo)


class Reminding:
    """Sends due reminders. Each is sent once, even if several bots share the database."""

    def __init__(self, bot: RetryingBot, database: Database, i18n: I18n, rate_limiter: RateLimiter) -> None:
        self._bot = bot
        self._database = database
        self._i18n = i18n
        self._rate_limiter = rate_limiter

    async def keep_sending(self) -> None:
        """Send due reminders every minute, including those that became due while no bot was running."""
        while True:
            try:
                while await self.send_due(datetime.now(UTC)):
                    pass
            except Exception:
                # A failed round must not stop later reminders.
                logger.exception("could not send reminders")
            await asyncio.sleep(PAUSE_SECONDS)

    async def send_due(self, now: datetime) -> int:
        """Send some of the due reminders; returns how many were claimed."""
        due = await self._database.reminders.claim_due(now)
        for each in due:
            user = await self._database.users.get(each.mole.user_id)
            if user is not None:
                await self._send(each, user, now)
        return len(due)

    async def _send(self, reminder: Reminder, user: User, now: datetime) -> None:
        await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=user.id)
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                await self._bot.send_message(user.id, _text(reminder), reply_markup=_buttons(reminder))
            except TelegramForbiddenError:
                await self._database.users.mark_blocked(user.id)
            except TelegramAPIError as error:
                # It is sent when its lease ends.
                logger.warning("a reminder waits: %s", type(error).__name__)
                return
        # Only one is sent, however many were missed while no bot was running.
        await self._database.reminders.settle(reminder, months_later(now, reminder.months, user))


def _text(reminder: Reminder) -> str:
    return _(
        "⏰ Time for a new photo of <b>{name}</b>. Take it in the same light and from the same distance as before, "
        "send it here, and press “Follow this mole” under the answer."
    ).format(name=escape(reminder.mole.name))


def _buttons(reminder: Reminder) -> InlineKeyboardMarkup:
    mole_id = reminder.mole.id
    return keyboard(
        [(_("In a week"), Snooze(mole_id=mole_id).pack()), (_("No more"), Remind(mole_id=mole_id, months=0).pack())],
        [(_("Open this mole"), OfMole(act=Act.OPEN, mole_id=mole_id).pack())],
    )
