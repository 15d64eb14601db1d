"""The digest: the figures of the last day or week and of the one before, for staff who want it."""

import asyncio
import logging
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path

from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.utils.i18n import I18n

from bot.operator.access import Access
from bot.operator.drift import Validation
from bot.operator.health import free_bytes
from bot.operator.summary import Digest, summary_of
from bot.operator.verdicts import agreement
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui import digest as ui
from bot.ui.clock import offset
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.digests import Every
from storage.records import User
from storage.staff import Role

AT = time(9)
"""Of the reader's own clock."""
PERIODS = {Every.DAY: timedelta(days=1), Every.WEEK: timedelta(days=7)}
PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


def next_time(after: datetime, user: User, every: Every) -> datetime:
    """The next time at which a digest comes: at nine by the reader's clock, and once a week on Mondays."""
    here = after.astimezone(timezone(offset(user)))
    due = datetime.combine(here.date(), AT, here.tzinfo)
    while due <= here or (every is Every.WEEK and due.weekday() != 0):
        due += timedelta(days=1)
    return due.astimezone(UTC)


async def plan(user: User, every: Every, database: Database) -> None:
    """Send somebody a digest from the next due time on."""
    await database.digests.set(user.id, every, next_time(datetime.now(UTC), user, every))


class DigestSender:
    """Sends due digests, each once, even if several bots share the database. Missed digests are sent as one."""

    def __init__(
        self,
        bot: RetryingBot,
        database: Database,
        i18n: I18n,
        rate_limiter: RateLimiter,
        access: Access,
        validation: Validation,
        data_dir: Path,
    ) -> None:
        self._bot = bot
        self._database = database
        self._i18n = i18n
        self._rate_limiter = rate_limiter
        self._access = access
        self._validation = validation
        self._data_dir = data_dir

    async def keep_sending(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                await self.send_due(datetime.now(UTC))
            except Exception:
                # A failed round must not stop later rounds.
                logger.exception("could not send the digests")
            await asyncio.sleep(PAUSE_SECONDS)

    async def send_due(self, now: datetime) -> None:
        """Send every digest that is due."""
        for due in await self._database.digests.claim_due(now):
            user = await self._database.users.get(due.user_id)
            if user is None or not self._access.may(due.user_id, Role.ADMIN):
                await self._database.digests.switch_off(due.user_id)
            elif await self._send(user, await self.digest(due.every, now)):
                await self._database.digests.settle(due, next_time(now, user, due.every))

    async def digest(self, every: Every, now: datetime) -> Digest:
        """The figures up to now."""
        period = PERIODS[every]
        handled = [each for each in await self._database.statistics.since(now - 2 * period) if each.created_at < now]
        week = await self._database.statistics.since(now - PERIODS[Every.WEEK])
        return Digest(
            every,
            summary_of([each for each in handled if each.created_at >= now - period]),
            summary_of([each for each in handled if each.created_at < now - period]),
            agreement(await self._database.statistics.verdicts()),
            await self._validation.compare(week, now),
            await asyncio.to_thread(free_bytes, self._data_dir),
        )

    async def _send(self, user: User, digest: Digest) -> bool:
        await self._rate_limiter.acquire(MessageKind.BROADCAST, chat_id=user.id)
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                await self._bot.send_message(user.id, ui.digest(digest))
            except TelegramForbiddenError:
                await self._database.digests.switch_off(user.id)
                return False
            except TelegramAPIError as error:
                # It is sent when its lease ends.
                logger.warning("a digest waits: %s", type(error).__name__)
                return False
        return True
