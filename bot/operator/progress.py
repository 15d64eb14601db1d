"""Shows the progress of a broadcast in one message that is edited."""

import asyncio
import logging
from collections import deque
from functools import partial

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.types import InlineKeyboardMarkup

from bot.telegram.rate_limit import BulkRateLimiter
from bot.ui import broadcasts as ui
from storage.database import Database
from storage.records import Broadcast
from storage.retry import until_stored

PROGRESS_INTERVAL_S = 3.0
# The rate is measured over the last minute.
RATE_SAMPLES = 20

REFUSED = (TelegramBadRequest, TelegramNotFound, TelegramMigrateToChat)

logger = logging.getLogger(__name__)


class Progress:
    """Writes the progress messages, in the language of the current context.

    Args:
        bot: repeats a call after a broken connection; repeating an edit does no harm.
        database: counts the deliveries.
        rate_limiter: shared with the deliveries.
        outage_pause_s: pause in seconds after a broken connection.
    """

    def __init__(self, bot: Bot, database: Database, rate_limiter: BulkRateLimiter, outage_pause_s: float) -> None:
        self._bot = bot
        self._database = database
        self._rate_limiter = rate_limiter
        self._outage_pause_s = outage_pause_s

    async def keep_showing(self, broadcast_id: int) -> None:
        """Update the progress until cancelled, or until the broadcast is erased."""
        clock = asyncio.get_running_loop().time
        samples: deque[tuple[float, int]] = deque(maxlen=RATE_SAMPLES)
        shown = ""
        while (broadcast := await until_stored(partial(self._database.broadcasts.get, broadcast_id))) is not None:
            counts = await until_stored(partial(self._database.broadcasts.counts, broadcast_id))
            samples.append((clock(), counts.total - counts.pending - counts.sending))
            (since, before), (now, done) = samples[0], samples[-1]
            text, markup = ui.progress(broadcast, counts, (done - before) / (now - since) if now > since else None)
            if text != shown and await self._show(broadcast, text, markup):
                shown = text
            await asyncio.sleep(PROGRESS_INTERVAL_S)

    async def show_pause(self, broadcast: Broadcast) -> bool:
        """Show that it is paused. False if this should be tried again."""
        counts = await self._database.broadcasts.counts(broadcast.id)
        return await self._show(broadcast, *ui.progress(broadcast, counts, None))

    async def show_summary(self, broadcast: Broadcast) -> None:
        """Show how it ended. Tries again while Telegram is out of reach."""
        while not await self._show(
            broadcast, ui.summary(broadcast, await self._database.broadcasts.counts(broadcast.id)), None
        ):
            logger.info("broadcast %d: the summary could not be sent, trying again", broadcast.id)

    async def _show(self, broadcast: Broadcast, text: str, markup: InlineKeyboardMarkup | None) -> bool:
        """Edit the progress message, or send a new one if it is gone. False if this should be tried again."""
        await self._rate_limiter.acquire(broadcast.chat_id)
        newest = await self._database.broadcasts.get(broadcast.id)
        if newest is None:
            return True
        try:
            if not await self._edited(newest, text, markup):
                message = await self._bot.send_message(broadcast.chat_id, text, reply_markup=markup)
                note = partial(self._database.broadcasts.set_progress_message, broadcast.id, message.message_id)
                await until_stored(note)
        except (TelegramForbiddenError, *REFUSED) as error:
            # The author may have blocked the bot meanwhile. That is no reason to stop.
            logger.warning("broadcast %d: progress refused: %s", broadcast.id, error.message)
        except AiogramError as error:
            logger.warning("broadcast %d: progress not sent: %s", broadcast.id, type(error).__name__)
            self._rate_limiter.pause(
                error.retry_after if isinstance(error, TelegramRetryAfter) else self._outage_pause_s
            )
            return False
        return True

    async def _edited(self, broadcast: Broadcast, text: str, markup: InlineKeyboardMarkup | None) -> bool:
        if broadcast.progress_message_id is None:
            return False
        try:
            await self._bot.edit_message_text(
                text, chat_id=broadcast.chat_id, message_id=broadcast.progress_message_id, reply_markup=markup
            )
        except TelegramBadRequest as error:
            return "not modified" in error.message
        return True
