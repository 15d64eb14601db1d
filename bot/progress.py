"""The sign of life while photos are being read: a chat action and one message, removed at the end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.exceptions import AiogramError
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from storage.database import Database
from storage.records import Request

# Telegram shows an action for five seconds.
ACTION_SECONDS = 4.5
# One message a second to one chat is the limit.
EDIT_SECONDS = 1.0


@contextlib.asynccontextmanager
async def acting(bot: Bot, chat_id: int, action: ChatAction) -> AsyncIterator[None]:
    """A context in which a chat shows what the bot is doing. Failures to show it are not worth failing for."""
    showing = asyncio.create_task(_keep_acting(bot, chat_id, action))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _keep_acting(bot: Bot, chat_id: int, action: ChatAction) -> None:
    while True:
        with contextlib.suppress(AiogramError):
            await bot.send_chat_action(chat_id, action)
        await asyncio.sleep(ACTION_SECONDS)


class Progress:
    """A context in which photos of one chat are read.

    Entering raises what sending a message raises; later failures are not worth failing for. The message of
    an earlier run that was killed over the same photos is removed first, unless the kill came before its
    number was noted.
    """

    def __init__(self, bot: Bot, database: Database, requests: Sequence[Request]) -> None:
        self._bot = bot
        self._database = database
        self._requests = requests
        self._chat_id = requests[0].chat_id
        self._total = len(requests)
        self._done = 0
        self._message: Message | None = None
        self._action = contextlib.AsyncExitStack()
        self._told_at = 0.0

    async def __aenter__(self) -> Self:
        told = {each.progress_message_id for each in self._requests if each.progress_message_id is not None}
        for left_over in told:
            with contextlib.suppress(AiogramError):
                await self._bot.delete_message(self._chat_id, left_over)
        self._message = await self._bot.send_message(self._chat_id, self._text(), disable_notification=True)
        await self._database.requests.set_progress_message(
            [each.id for each in self._requests], self._message.message_id
        )
        self._told_at = time.monotonic()
        await self._action.enter_async_context(acting(self._bot, self._chat_id, ChatAction.TYPING))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._action.aclose()
        if self._message is not None:
            with contextlib.suppress(AiogramError):
                await self._message.delete()

    async def advance(self) -> None:
        """One more photo is read."""
        self._done += 1
        now = time.monotonic()
        if self._message is None or self._done == self._total or now - self._told_at < EDIT_SECONDS:
            return
        self._told_at = now
        with contextlib.suppress(AiogramError):
            await self._message.edit_text(self._text())

    def _text(self) -> str:
        if self._total == 1:
            return _("🔎 I am looking at your photo…")
        return _("🔎 I am looking at your photos: {done} of {total}…").format(done=self._done, total=self._total)
