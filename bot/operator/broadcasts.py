"""Sends announcements: at Telegram's rate limit, to everybody at most once, even through kills and outages."""

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial

from aiogram import Bot
from aiogram.utils.i18n import I18n

from bot.operator.access import Access
from bot.operator.deliveries import OUTAGE_PAUSE_S, Deliveries
from bot.operator.progress import Progress
from bot.supervisor import Supervisor
from bot.telegram.rate_limit import BulkRateLimiter, RateLimiter
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import Broadcast, BroadcastState
from storage.retry import until_stored

SCHEDULE_CHECK_S = 5.0

logger = logging.getLogger(__name__)


class Broadcaster:
    """Shows drafts and sends confirmed broadcasts, as tasks of the supervisor."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        supervisor: Supervisor,
        i18n: I18n,
        rate_limiter: RateLimiter,
        access: Access,
    ) -> None:
        self._bot = bot
        self._database = database
        self._supervisor = supervisor
        self._i18n = i18n
        self._rate_limiter = BulkRateLimiter(rate_limiter)
        self._progress = Progress(bot, database, self._rate_limiter, OUTAGE_PAUSE_S)
        self._deliveries = Deliveries(bot, database, supervisor, i18n, self._rate_limiter)
        self._access = access
        # One event for each broadcast with a task.
        self._changes: dict[int, asyncio.Event] = {}

    async def resume(self) -> None:
        """Continue the broadcasts that a stop or a kill interrupted."""
        for broadcast in await self._database.broadcasts.running():
            logger.info("continuing broadcast %d", broadcast.id)
            self._take_up(broadcast.id)

    async def keep_starting(self) -> None:
        """Send scheduled announcements at their times, until cancelled."""
        while True:
            for broadcast in await until_stored(self._database.broadcasts.scheduled):
                if broadcast.starts_at is not None and broadcast.starts_at <= datetime.now(UTC):
                    await until_stored(partial(self.send, broadcast.id, broadcast.admin_id))
            await asyncio.sleep(SCHEDULE_CHECK_S)

    async def send(self, broadcast_id: int, actor_id: int, progress_message_id: int | None = None) -> bool:
        """Send a draft or a scheduled announcement now; False if it is neither."""
        if not await self._database.broadcasts.confirm(broadcast_id, actor_id, self._access.staff()):
            return False
        if progress_message_id is not None:
            await self._database.broadcasts.set_progress_message(broadcast_id, progress_message_id)
        self._take_up(broadcast_id)
        return True

    async def schedule(self, broadcast_id: int, actor_id: int, starts_at: datetime) -> bool:
        """Schedule a draft for a time; False if it is no longer a draft."""
        return await self._database.broadcasts.schedule(broadcast_id, actor_id, starts_at)

    async def pause(self, broadcast_id: int, actor_id: int) -> bool:
        """Start no more deliveries; False if it is not running."""
        return self._changed(broadcast_id, await self._database.broadcasts.pause(broadcast_id, actor_id))

    async def go_on(self, broadcast_id: int, actor_id: int) -> bool:
        """End a pause; False if it is not paused."""
        return self._changed(broadcast_id, await self._database.broadcasts.resume(broadcast_id, actor_id))

    async def stop(self, broadcast_id: int, actor_id: int) -> bool:
        """Cancel a running or scheduled announcement; False if it has ended already."""
        return self._changed(broadcast_id, await self._database.broadcasts.stop(broadcast_id, actor_id))

    def _changed(self, broadcast_id: int, changed: bool) -> bool:
        if changed:
            self._take_up(broadcast_id)
        return changed

    def _take_up(self, broadcast_id: int) -> None:
        """React to a changed state of a broadcast. Each broadcast has at most one task."""
        if broadcast_id in self._changes:
            self._changes[broadcast_id].set()
            return
        self._changes[broadcast_id] = asyncio.Event()
        self._supervisor.start(self._attend(broadcast_id), f"broadcast {broadcast_id}")

    async def preview(self, broadcast: Broadcast, language: str) -> int:
        """Send a draft to its author as recipients with `language` will get it; returns the number of the message.

        Raises TelegramBadRequest if Telegram does not accept it, and other errors of sending.
        """
        await self._rate_limiter.acquire(broadcast.chat_id)
        return (await self._deliveries.post(self._bot, broadcast, broadcast.chat_id, language)).message_id

    async def _attend(self, broadcast_id: int) -> None:
        changed = self._changes[broadcast_id]
        try:
            while True:
                # Cleared before the state is read, so that a later change is seen in the next round.
                changed.clear()
                broadcast = await until_stored(partial(self._database.broadcasts.get, broadcast_id))
                if broadcast is None:
                    return
                admin = await until_stored(partial(self._database.users.get, broadcast.admin_id))
                language = supported_language(admin.language if admin is not None else None)
                with self._i18n.context(), self._i18n.use_locale(language):
                    if await self._ended(broadcast, changed):
                        return
        finally:
            del self._changes[broadcast_id]

    async def _ended(self, broadcast: Broadcast, changed: asyncio.Event) -> bool:
        """Do what the state requires; True if nothing is left to do."""
        if broadcast.state is BroadcastState.PAUSED:
            while not changed.is_set() and not await self._progress.show_pause(broadcast):
                logger.info("broadcast %d: the pause could not be shown, trying again", broadcast.id)
            await changed.wait()
            return False
        if broadcast.state is not BroadcastState.RUNNING:
            await self._progress.show_summary(broadcast)
            return True
        async with asyncio.TaskGroup() as group:
            showing = group.create_task(self._progress.keep_showing(broadcast.id))
            await self._deliveries.deliver_all(broadcast, changed)
            showing.cancel()
        newest = await until_stored(partial(self._database.broadcasts.get, broadcast.id))
        if newest is None:
            return True
        if changed.is_set() or newest.state is not BroadcastState.RUNNING:
            return False
        # The summary is sent before the broadcast is finished. So a kill in between repeats an edit instead of losing
        # the summary, and the next process sends it if Telegram is out of reach until this one ends.
        await self._progress.show_summary(broadcast)
        return await until_stored(partial(self._database.broadcasts.finish, broadcast.id))
