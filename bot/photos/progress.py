"""Progress while photos wait and are analysed: a chat action and one message, which is deleted at the end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.utils.i18n import gettext as _

from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.names import time_from_now
from inference.engine.engine import QueuePlace
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import Request

# Telegram shows an action for five seconds.
ACTION_SECONDS = 4.5
# Telegram's limit is one message a second to one chat.
EDIT_SECONDS = 1.0
# A person who waits, or will probably wait, more than five seconds sees their place in the queue within this time, and
# again when it changes. The expected wait is known only after some photos have been analysed.
LONG_WAIT_SECONDS = 4.5
CHECK_SECONDS = 0.25
PLACE_SECONDS = 10.0
# With many photos, sending the answers takes about as long as analysing them.
ANSWERED_BY_READ = 2.0
# A stop waits this long for a message that is being sent.
STOP_GRACE_SECONDS = 2.0

logger = logging.getLogger(__name__)


async def delete_progress_message(bot: Bot, database: Database, requests: Sequence[Request], message_id: int) -> None:
    """Delete the progress message of requests. If Telegram is out of reach, the next start deletes it."""
    try:
        await bot.delete_message(requests[0].chat_id, message_id)
    except TelegramBadRequest:
        logger.debug("progress message %d was gone already", message_id)
    except AiogramError as error:
        logger.warning("a progress message could not be deleted yet: %s", type(error).__name__)
        return
    # A noted message that no longer exists does no harm.
    with contextlib.suppress(StorageUnavailable):
        await database.requests.set_progress_message([each.id for each in requests], None)


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of these, and cancel the others."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await next(asyncio.as_completed(tasks))
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Progress:
    """A context that shows the progress of one chat's photos. Its own errors are only logged.

    The message is noted with the requests. After a stop or a kill, the next start uses it again or deletes it, unless
    the kill came before its number was noted. If `quiet`, only people who have to wait get a message. Others see a
    draft, if server and client support drafts. The wait counts from the arrival of the photos, or from `asked`, because
    with many people it takes seconds until a photo is handled.
    """

    def __init__(
        self,
        bot: Bot,
        database: Database,
        rate_limiter: RateLimiter,
        requests: Sequence[Request],
        places: Sequence[QueuePlace],
        *,
        action: ChatAction = ChatAction.TYPING,
        quiet: bool = False,
        asked: datetime | None = None,
    ) -> None:
        self._bot = bot
        self._database = database
        self._rate_limiter = rate_limiter
        self._requests = requests
        self._places = places
        self._chat_id, self._thread_id = requests[0].chat_id, requests[0].thread_id
        self._left_over = {each.progress_message_id for each in requests if each.progress_message_id is not None}
        self._message_id = self._left_over.pop() if self._left_over else None
        self._action = action
        self._quiet = quiet
        self._done = 0
        self._advanced = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._waited_before = (datetime.now(UTC) - (asked or requests[0].created_at)).total_seconds()
        self._shown = ""
        self._place_shown = False
        # Held while a message is being sent. Sending must not be cancelled, because the message's number would be lost.
        self._speaking = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._reporting = asyncio.create_task(self._report())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stopped = kind is not None and issubclass(kind, asyncio.CancelledError)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE_SECONDS if stopped else None), self._speaking:
                self._reporting.cancel()
        self._reporting.cancel()
        [failure] = await asyncio.gather(self._reporting, return_exceptions=True)
        if isinstance(failure, Exception):
            logger.error("progress could not be shown", exc_info=failure)
        if self._message_id is not None and not stopped and not self._quiet:
            await delete_progress_message(self._bot, self._database, self._requests, self._message_id)

    def advance(self) -> None:
        """One more photo is done."""
        self._done += 1
        # After the last one, the answer comes next.
        if self._done < len(self._requests):
            self._advanced.set()

    async def _report(self) -> None:
        async with self._chat_action():
            for message_id in self._left_over:
                with contextlib.suppress(AiogramError):
                    await self._bot.delete_message(self._chat_id, message_id)
            while True:
                self._quiet = self._quiet and not self._is_waiting()
                if not self._quiet and self._text() != self._shown:
                    turn = self._rate_limiter.acquire(MessageKind.PROGRESS, chat_id=self._chat_id)
                    await _first(turn, self._place_turn())
                    async with self._speaking:
                        self._place_shown |= self._is_waiting()
                        await self._show(self._text())
                await asyncio.sleep(EDIT_SECONDS)
                await _first(self._advanced.wait(), self._until_long(), asyncio.sleep(PLACE_SECONDS - EDIT_SECONDS))
                self._advanced.clear()

    async def _place_turn(self) -> None:
        """Wait for a turn to show the place in the queue, before people who came later."""
        await self._until_long()
        await self._rate_limiter.acquire(MessageKind.PLACE, chat_id=self._chat_id, since=self._began)

    async def _until_long(self) -> None:
        """Wait until the place in the queue must be shown for the first time."""
        while self._place_shown or not self._is_waiting():  # noqa: ASYNC110  # nothing tells when an estimate changes
            await asyncio.sleep(CHECK_SECONDS)

    @contextlib.asynccontextmanager
    async def _chat_action(self) -> AsyncIterator[None]:
        """Show in the chat what the bot is doing, unless the photos only wait."""
        showing = asyncio.create_task(self._keep_sending_action())
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    # aiogram's ChatActionSender ends at the first error and cannot pause while the photos only wait.
    async def _keep_sending_action(self) -> None:
        while True:
            if not self._is_waiting():
                with contextlib.suppress(AiogramError):
                    await self._bot.send_chat_action(self._chat_id, self._action, message_thread_id=self._thread_id)
                if self._quiet:
                    await self._show_draft()
            await asyncio.sleep(ACTION_SECONDS)

    async def _show_draft(self) -> None:
        """Show the current step as a draft. It disappears by itself when the answer comes."""
        text = _("I am looking at your photo once more…")
        with contextlib.suppress(AiogramError):
            await self._bot.send_message_draft(
                self._chat_id, self._requests[0].id, text=text, message_thread_id=self._thread_id
            )

    async def _show(self, text: str) -> None:
        with contextlib.suppress(AiogramError):
            if not await self._edited(text):
                message = await self._bot.send_message(
                    self._chat_id, text, message_thread_id=self._thread_id, disable_notification=True
                )
                self._message_id = message.message_id
                with contextlib.suppress(StorageUnavailable):
                    await self._database.requests.set_progress_message(
                        [each.id for each in self._requests], message.message_id
                    )
            self._shown = text

    async def _edited(self, text: str) -> bool:
        if self._message_id is None:
            return False
        try:
            await self._bot.edit_message_text(text, chat_id=self._chat_id, message_id=self._message_id)
        except TelegramBadRequest as error:
            return "not modified" in error.message
        return True

    def _ahead(self) -> int | None:
        """How many photos come before the next one of these; None once the turn of all has come."""
        return next((ahead for each in self._places if (ahead := each.ahead) is not None), None)

    def _is_waiting(self) -> bool:
        """Whether the wait is long, or will probably be long, so that the place must be shown."""
        seconds = self._waited_before + self._clock() - self._began
        if self._ahead() is not None:
            seconds += ANSWERED_BY_READ * self._places[-1].seconds
        return seconds > LONG_WAIT_SECONDS

    def _text(self) -> str:
        total = len(self._requests)
        waiting = self._is_waiting()
        if total > 1:
            looking = _("🔎 I am looking at your photos: {done} of {total}…").format(done=self._done, total=total)
        elif waiting:
            looking = _("🔎 Your photo is waiting for its turn.")
        else:
            looking = _("🔎 I am looking at your photo…")
        if not waiting:
            return looking
        place = _("Photos in the queue before yours: {ahead}. The answer comes {soon}, or a little later.")
        return f"{looking}\n{place.format(ahead=self._ahead() or 0, soon=time_from_now(self._places[-1].seconds))}"
