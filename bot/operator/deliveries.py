"""Delivers an announcement: to everybody at most once, and nobody delays the others."""

import asyncio
import logging
from functools import partial

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardMarkup, Message, MessageEntity
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _
from aiohttp import ClientConnectorError
from pydantic import TypeAdapter

from bot.operator.progress import REFUSED
from bot.supervisor import Supervisor
from bot.telegram.rate_limit import BulkRateLimiter
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Announcements
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import Broadcast, Delivery, DeliveryState
from storage.retry import until_stored

# A kill or an outage leaves at most so many deliveries uncertain.
CONCURRENT_DELIVERIES = 10
# At most so many are under way. Most of them may wait for a chat that Telegram has silenced; others go out meanwhile.
MOST_UNDER_WAY = 100
BATCH = 2 * MOST_UNDER_WAY
OUTAGE_PAUSE_S = 3.0
SEND_TIMEOUT_S = 15

# Telegram may have accepted the message and failed only to say so.
UNCERTAIN = (TelegramNetworkError, TelegramServerError, ClientDecodeError)

ENTITIES = TypeAdapter(list[MessageEntity])

logger = logging.getLogger(__name__)


class Deliveries:
    """Delivers the messages of broadcasts.

    Args:
        bot: its connection is used; a delivery is never repeated.
        database: notes each delivery before and after it.
        supervisor: starts the probe during an outage.
        i18n: for the button below each message.
        rate_limiter: the one that the progress messages wait for too.
    """

    def __init__(
        self, bot: Bot, database: Database, supervisor: Supervisor, i18n: I18n, rate_limiter: BulkRateLimiter
    ) -> None:
        # The application's bot repeats a call whose connection broke.
        self._once = Bot(bot.token, session=bot.session)
        self._database = database
        self._supervisor = supervisor
        self._i18n = i18n
        self._rate_limiter = rate_limiter
        self._reachable = asyncio.Event()
        self._reachable.set()
        self._places = asyncio.Semaphore(CONCURRENT_DELIVERIES)
        # Those that may have reached Telegram.
        self._sending: set[asyncio.Task[None] | None] = set()
        # When Telegram last accepted one.
        self._taken_at = float("-inf")

    async def post(self, bot: Bot, broadcast: Broadcast, chat_id: int, language: str | None) -> Message:
        """Send a broadcast's message, as somebody who reads `language` gets it. Raises what sending raises."""
        code = supported_language(language)
        content = broadcast.content(code)
        entities, text, file_id = ENTITIES.validate_json(content["entities_json"]), content["text"], content["file_id"]
        with self._i18n.context(), self._i18n.use_locale(code):
            opt_out = _opt_out()
        if file_id is None:
            return await bot.send_message(
                chat_id, text, entities=entities, parse_mode=None, reply_markup=opt_out, request_timeout=SEND_TIMEOUT_S
            )
        send = bot.send_photo if content["kind"] == "photo" else bot.send_document
        return await send(
            chat_id,
            file_id,
            caption=text,
            caption_entities=entities,
            parse_mode=None,
            reply_markup=opt_out,
            request_timeout=SEND_TIMEOUT_S,
        )

    async def deliver_all(self, broadcast: Broadcast, changed: asyncio.Event) -> None:
        """Deliver until nobody is left or the state changes. A delivery that has to wait delays no other."""
        under_way: dict[asyncio.Task[None], int] = {}
        try:
            while True:
                batch = await until_stored(partial(self._database.broadcasts.next_batch, broadcast.id, BATCH))
                if changed.is_set() or not (batch or under_way):
                    return
                attended = set(under_way.values())
                others = [each for each in batch if each.user_id not in attended]
                for delivery in others:
                    if changed.is_set():
                        return
                    if len(under_way) >= MOST_UNDER_WAY:
                        await _settle(under_way, changed)
                    under_way[asyncio.create_task(self._deliver(broadcast, delivery))] = delivery.user_id
                if not others:
                    await _settle(under_way, changed)
        finally:
            for task in under_way.keys() - self._sending:
                task.cancel()
            # An orderly stop waits for the others. Only a kill leaves them uncertain.
            await asyncio.gather(*under_way, return_exceptions=True)

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
        # It holds no place meanwhile, because a chat may stay silenced for long.
        await self._rate_limiter.until_allowed(delivery.user_id)
        async with self._places:
            await self._turn(delivery.user_id)
            task = asyncio.current_task()
            self._sending.add(task)
            try:
                await self._send(broadcast, delivery)
            finally:
                self._sending.discard(task)

    async def _send(self, broadcast: Broadcast, delivery: Delivery) -> None:
        ours = broadcast.id, delivery.user_id
        if not await until_stored(partial(self._database.broadcasts.mark_sending, *ours)):
            return
        state, began = DeliveryState.SENT, _now()
        try:
            await self.post(self._once, broadcast, delivery.user_id, delivery.language)
            self._taken_at = _now()
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
            # If others arrived while this one hung, there is no outage.
            if not (isinstance(error.__cause__, TimeoutError) and self._taken_at > began):
                self._out_of_reach()
            if not isinstance(error.__cause__, ClientConnectorError):
                return
            state = DeliveryState.PENDING
        await until_stored(partial(self._database.broadcasts.mark, *ours, state))


async def _settle(under_way: dict[asyncio.Task[None], int], changed: asyncio.Event) -> None:
    """Wait until one ends or the state changes. Remove the finished ones, and raise their errors."""
    changing = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait([*under_way, changing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        changing.cancel()
    for task in [each for each in under_way if each.done()]:
        del under_way[task]
        task.result()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _opt_out() -> InlineKeyboardMarkup:
    return keyboard([(_("🔕 No more announcements"), Announcements(wanted=False).pack())])
