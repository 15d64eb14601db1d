"""Sending of announcements: no faster than Telegram allows, to everybody at most once, through kills and outages."""

import asyncio
import logging
from functools import partial

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardMarkup, MessageEntity
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _
from aiohttp import ClientConnectorError
from pydantic import TypeAdapter

from bot.supervisor import Supervisor
from bot.telegram.rate_limit import BulkRateLimiter, RateLimiter
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Announcements
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import Broadcast, Delivery, DeliveryCounts, DeliveryState
from storage.retry import until_stored

BATCH = 100
# So many deliveries can be left uncertain by a kill or an outage.
CONCURRENT_DELIVERIES = 10
PROGRESS_INTERVAL_S = 3.0
OUTAGE_PAUSE_S = 3.0
SEND_TIMEOUT_S = 15

REFUSED = (TelegramBadRequest, TelegramNotFound, TelegramMigrateToChat)
# Telegram may have taken the message and only failed to say so.
UNCERTAIN = (TelegramNetworkError, TelegramServerError, ClientDecodeError)

ENTITIES = TypeAdapter(list[MessageEntity])

logger = logging.getLogger(__name__)


class Broadcaster:
    """Shows drafts and sends confirmed broadcasts, as tasks of the supervisor."""

    def __init__(
        self, bot: Bot, database: Database, supervisor: Supervisor, i18n: I18n, rate_limiter: RateLimiter
    ) -> None:
        self._bot = bot
        # The application's bot repeats a call whose connection broke; a delivery must never be repeated.
        self._once = Bot(bot.token, session=bot.session)
        self._database = database
        self._supervisor = supervisor
        self._i18n = i18n
        self._rate_limiter = BulkRateLimiter(rate_limiter)
        self._reachable = asyncio.Event()
        self._reachable.set()

    async def resume(self) -> None:
        """Go on with the broadcasts that a stop or a kill interrupted."""
        for broadcast in await self._database.broadcasts.running():
            logger.info("going on with broadcast %d", broadcast.id)
            self.start(broadcast.id)

    def start(self, broadcast_id: int) -> None:
        """Send a broadcast that has been confirmed and is not being sent yet."""
        self._supervisor.start(self._run(broadcast_id), f"broadcast {broadcast_id}")

    async def preview(self, broadcast: Broadcast, language: str | None) -> None:
        """Send a draft to its author, as a recipient who reads `language` gets it.

        Raises TelegramBadRequest where Telegram does not accept it, and what else sending raises.
        """
        await self._rate_limiter.acquire(broadcast.chat_id)
        await self._post(self._bot, broadcast, broadcast.chat_id, language)

    async def _post(self, bot: Bot, broadcast: Broadcast, chat_id: int, language: str | None) -> None:
        entities = ENTITIES.validate_json(broadcast.entities_json)
        with self._i18n.context(), self._i18n.use_locale(supported_language(language)):
            opt_out = _opt_out()
        if broadcast.kind == "photo" and broadcast.photo_file_id is not None:
            await bot.send_photo(
                chat_id,
                broadcast.photo_file_id,
                caption=broadcast.text,
                caption_entities=entities,
                parse_mode=None,
                reply_markup=opt_out,
                request_timeout=SEND_TIMEOUT_S,
            )
        else:
            await bot.send_message(
                chat_id,
                broadcast.text,
                entities=entities,
                parse_mode=None,
                reply_markup=opt_out,
                request_timeout=SEND_TIMEOUT_S,
            )

    async def _run(self, broadcast_id: int) -> None:
        broadcast = await self._database.broadcasts.get(broadcast_id)
        if broadcast is None:
            return
        admin = await self._database.users.get(broadcast.admin_id)
        language = supported_language(admin.language if admin is not None else None)
        with self._i18n.context(), self._i18n.use_locale(language):
            async with asyncio.TaskGroup() as group:
                reporting = group.create_task(self._report_progress(broadcast_id))
                await self._deliver_all(broadcast)
                reporting.cancel()
            # Sent before it is finished: a kill in between repeats an edit instead of losing the summary, and where
            # Telegram is out of reach for longer than this process lives, the next one sends it.
            while not await self._report(broadcast_id, _summary(await self._database.broadcasts.counts(broadcast_id))):
                logger.info("broadcast %d: the summary could not be sent, trying again", broadcast_id)
        await until_stored(partial(self._database.broadcasts.finish, broadcast_id))

    async def _deliver_all(self, broadcast: Broadcast) -> None:
        in_progress: set[asyncio.Task[None]] = set()
        try:
            while batch := await until_stored(partial(self._database.broadcasts.next_batch, broadcast.id, BATCH)):
                for delivery in batch:
                    if len(in_progress) >= CONCURRENT_DELIVERIES:
                        await _settle(in_progress, asyncio.FIRST_COMPLETED)
                    await self._turn(delivery.user_id)
                    in_progress.add(asyncio.create_task(self._deliver(broadcast, delivery)))
                await _settle(in_progress, asyncio.ALL_COMPLETED)
        finally:
            # An orderly stop learns how these end; only a kill leaves them uncertain.
            await asyncio.gather(*in_progress, return_exceptions=True)

    async def _turn(self, user_id: int) -> None:
        """Wait until a message to this person may go out and is likely to arrive."""
        await self._rate_limiter.acquire(user_id)
        while not self._reachable.is_set():
            await self._reachable.wait()
            await self._rate_limiter.acquire(user_id)

    def _out_of_reach(self) -> None:
        """Send nothing more until Telegram answers. Each try would leave one more delivery uncertain."""
        if self._reachable.is_set():
            self._reachable.clear()
            self._supervisor.start(self._probe(), "probing Telegram")

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(OUTAGE_PAUSE_S)
            try:
                await self._once.get_me(request_timeout=SEND_TIMEOUT_S)
            except UNCERTAIN:
                continue
            except TelegramRetryAfter as error:
                self._rate_limiter.pause(error.retry_after)
            self._reachable.set()
            return

    async def _deliver(self, broadcast: Broadcast, delivery: Delivery) -> None:
        ours = broadcast.id, delivery.user_id
        if not await until_stored(partial(self._database.broadcasts.mark_sending, *ours)):
            return
        state = DeliveryState.SENT
        try:
            await self._post(self._once, broadcast, delivery.user_id, delivery.language)
        except TelegramRetryAfter as error:
            self._rate_limiter.pause(error.retry_after)
            state = DeliveryState.PENDING
        except TelegramForbiddenError:
            state = DeliveryState.BLOCKED
        except REFUSED as error:
            logger.warning("broadcast %d: one delivery refused: %s", broadcast.id, error.message)
            state = DeliveryState.FAILED
        except UNCERTAIN as error:
            logger.warning("broadcast %d: one delivery broke: %s", broadcast.id, type(error).__name__)
            self._out_of_reach()
            if not isinstance(error.__cause__, ClientConnectorError):
                return
            state = DeliveryState.PENDING
        await until_stored(partial(self._database.broadcasts.mark, *ours, state))

    async def _report_progress(self, broadcast_id: int) -> None:
        shown = ""
        while True:
            text = _progress(await self._database.broadcasts.counts(broadcast_id))
            if text != shown and await self._report(broadcast_id, text):
                shown = text
            await asyncio.sleep(PROGRESS_INTERVAL_S)

    async def _report(self, broadcast_id: int, text: str) -> bool:
        """Say it in the one progress message; in a new one where that is gone. False where it can be tried again."""
        broadcast = await self._database.broadcasts.get(broadcast_id)
        if broadcast is None:
            return True
        await self._rate_limiter.acquire(broadcast.chat_id)
        try:
            if not await self._edited(broadcast, text):
                message = await self._bot.send_message(broadcast.chat_id, text)
                note = partial(self._database.broadcasts.set_progress_message, broadcast_id, message.message_id)
                await until_stored(note)
        except (TelegramForbiddenError, *REFUSED) as error:
            # Whoever announced something may block the bot meanwhile: that is no reason to stop.
            logger.warning("broadcast %d: progress refused: %s", broadcast_id, error.message)
        except AiogramError as error:
            logger.warning("broadcast %d: progress not sent: %s", broadcast_id, type(error).__name__)
            self._rate_limiter.pause(error.retry_after if isinstance(error, TelegramRetryAfter) else OUTAGE_PAUSE_S)
            return False
        return True

    async def _edited(self, broadcast: Broadcast, text: str) -> bool:
        if broadcast.progress_message_id is None:
            return False
        try:
            await self._bot.edit_message_text(text, chat_id=broadcast.chat_id, message_id=broadcast.progress_message_id)
        except TelegramBadRequest as error:
            return "not modified" in error.message
        return True


async def _settle(tasks: set[asyncio.Task[None]], when: str) -> None:
    """Wait for the first or for all of `tasks`, take those that ended out, and raise what they raised."""
    ended, _pending = await asyncio.wait(tasks, return_when=when)
    tasks -= ended
    for task in ended:
        task.result()


def _opt_out() -> InlineKeyboardMarkup:
    return keyboard([(_("🔕 No more announcements"), Announcements(wanted=False).pack())])


def _progress(counts: DeliveryCounts) -> str:
    waiting = counts.pending + counts.sending
    return _("📣 Sending: {done} of {total}").format(done=counts.total - waiting, total=counts.total)


def _summary(counts: DeliveryCounts) -> str:
    lines = [
        _("📣 The announcement is sent."),
        _("Received: {number} of {total}").format(number=counts.sent, total=counts.total),
    ]
    others = [
        (_("Blocked the bot: {number}"), counts.blocked),
        (_("Opted out meanwhile: {number}"), counts.skipped),
        (_("Refused by Telegram: {number}"), counts.failed),
        (_("Uncertain, not repeated: {number}"), counts.sending),
    ]
    return "\n".join([*lines, *(line.format(number=number) for line, number in others if number)])
