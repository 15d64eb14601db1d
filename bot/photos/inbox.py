"""The inbox: a photo is in the database before its update is confirmed to Telegram.

An update counts as delivered once the next getUpdates asks for a later one. Photos are recorded inside the call that
brought them, so a killed process cannot lose a photo.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import TypeVar

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message, PhotoSize, Update

from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import UNSTORABLE, StorageBusy
from storage.records import Received, Request
from storage.retry import until_stored

# Other updates, such as /help, wait at most this long for photos to be recorded.
TIMEOUT_SECONDS = 0.3
PAUSE_SECONDS = 0.2

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Inbox(BaseRequestMiddleware):
    """Session middleware that records the photos of a getUpdates call before the updates are handled.

    If recording fails, the call fails and Telegram keeps the updates. If the database is busy for a while, other
    updates are handled meanwhile. The photos are handled at once, and again when they are recorded. Until then,
    Telegram keeps all updates since the first of these photos, and returns at most a hundred of them.

    Args:
        database: where they are recorded.
        admits: whether a request is accepted. Other requests are not recorded.
    """

    def __init__(self, database: Database, admits: Callable[[Message], bool] = lambda message: True) -> None:
        self._database = database
        self._admits = admits
        # The last handled update; update number -> photo that is not recorded yet; and the task that records them.
        self._handed: int | None = None
        self._late: dict[int, Update] = {}
        self._recording: dict[asyncio.Task[None], list[int]] = {}

    @property
    def offset(self) -> int | None:
        """The first update that Telegram must keep; None before the first update."""
        if self._late:
            return min(self._late)
        return None if self._handed is None else self._handed + 1

    async def find(self, message: Message) -> Request | None:
        """The request of a message for which `is_request` holds.

        None if it was erased, or if an edit kept the photo. Raises StorageBusy if it is not recorded yet; its update
        will be handled again.
        """
        if any(_asking(each) == message for each in self._late.values()):
            raise StorageBusy("the photo is not recorded yet")
        request = await self._database.requests.of_message(message.chat.id, message.message_id)
        return None if request is None or request.edited_at < (message.edit_date or 0) else request

    async def take(self, update: Update, arrived: float) -> bool:
        """Record the photo of a single update that arrived at `arrived`; False if it has none.

        Returns when it is recorded. Then the update may be forgotten.
        """
        message = _asking(update)
        if message is None or not self._admits(message):
            return False
        await self._store([message], arrived)
        return True

    async def close(self) -> None:
        """Stop recording. Telegram still has the photos."""
        for task in self._recording:
            task.cancel()
        await asyncio.gather(*self._recording, return_exceptions=True)

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        if not isinstance(method, GetUpdates):
            return await make_request(bot, method)
        if recorded := self._recorded_late():
            return recorded  # type: ignore[return-value]
        asked = method if self.offset is None else method.model_copy(update={"offset": self.offset})
        # The type is Response, but a session passes the result itself to its middlewares.
        updates: list[Update] = await make_request(bot, asked)  # type: ignore[arg-type, assignment]
        updates = [each for each in updates if self._handed is None or each.update_id > self._handed]
        asking = [(each, message) for each in updates if (message := _asking(each)) is not None]
        await self._record([each for each, message in asking if self._admits(message)])
        if updates:
            self._handed = updates[-1].update_id
        elif self._recording:
            # Telegram answers at once while it keeps updates.
            await asyncio.wait(self._recording, timeout=PAUSE_SECONDS)
        return updates  # type: ignore[return-value]

    async def _record(self, updates: Sequence[Update]) -> None:
        """Record the photos of updates; in the background if it takes long."""
        if not updates:
            return
        messages = [message for each in updates if (message := _asking(each)) is not None]
        task = asyncio.create_task(self._store(messages, time.monotonic()))
        self._recording[task] = [each.update_id for each in updates]
        await asyncio.wait([task], timeout=TIMEOUT_SECONDS)
        if task.done():
            del self._recording[task]
            task.result()
        else:
            self._late.update({each.update_id: each for each in updates})

    def _recorded_late(self) -> list[Update]:
        """Updates whose delayed photos have been recorded meanwhile."""
        recorded = []
        for task in [each for each in self._recording if each.done()]:
            recorded += [self._late.pop(number) for number in self._recording.pop(task)]
            if task.exception() is not None:
                # Telegram sends them again.
                self._handed = recorded[0].update_id - 1
            task.result()
        return recorded

    async def _store(self, messages: Sequence[Message], arrived: float) -> None:
        # All in one transaction, because all other updates wait for it.
        requests = [received(message) for message in messages]
        new = [each for each in requests if not each.edited_at]
        await _store_each(lambda some: self._database.requests.record_all(some, arrived), new)
        for edit in (each for each in requests if each.edited_at):
            await _store_each(lambda some: self._database.edits.record(some[0], arrived), [edit])
        # A person who edits a message is known or was erased.
        senders = [message.from_user for message in messages if message.from_user and not message.edit_date]
        hints = {each.id: supported_language(each.language_code) for each in senders}
        await _store_each(lambda some: self._database.users.seen_all(dict(some), arrived), list(hints.items()))


async def _store_each(write: Callable[[Sequence[T]], Awaitable[object]], values: Sequence[T]) -> None:
    """Store all of these. Skip one that can never be stored, so that it does not block the others for ever."""
    try:
        await until_stored(partial(write, values))
    except UNSTORABLE as error:
        if len(values) == 1:
            logger.error("a photo or its sender cannot be stored: %s", type(error).__name__)
            return
        for each in values:
            await _store_each(write, [each])


def is_request(message: Message) -> bool:
    """Whether this is a message with a photo to analyse, in a private chat."""
    return message.chat.type == "private" and message.from_user is not None and has_picture(message)


def has_picture(message: Message) -> bool:
    """Whether a message has a photo or an image file.

    A GIF is sent as both animation and document, and does not count.
    """
    return still(message) is not None or (message.document is not None and message.animation is None)


def _asking(update: Update) -> Message | None:
    """The new or edited message of an update, if it has a photo to analyse."""
    message = update.message or update.edited_message
    return message if message is not None and is_request(message) else None


def still(message: Message) -> list[PhotoSize] | None:
    """The sizes of the photo in a message, of the still of a live photo, or of a photo quoted from another chat.

    None if there is none of them, or if a command quotes a photo.
    """
    is_command = (message.text or "").startswith("/")
    others = (message.live_photo, None if is_command else message.external_reply)
    return message.photo or next((each.photo for each in others if each is not None and each.photo), None) or None


def largest(sizes: list[PhotoSize]) -> PhotoSize:
    """The largest of the sizes in which Telegram offers a photo."""
    return max(sizes, key=lambda size: size.width * size.height)


def received(message: Message) -> Received:
    """The request in a message for which `is_request` holds. Raises ValueError for any other."""
    photo = still(message)
    file = largest(photo) if photo is not None else message.document
    if message.from_user is None or file is None:
        raise ValueError("neither a photo nor a document of somebody")
    return Received(
        user_id=message.from_user.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        # An edited photo of an album is analysed separately.
        media_group_id=None if message.edit_date else message.media_group_id,
        file_id=file.file_id,
        file_unique_id=file.file_unique_id,
        note=message.caption or message.text,
        kind="photo" if photo is not None else "document",
        thread_id=message.message_thread_id if message.is_topic_message else None,
        edited_at=message.edit_date or 0,
    )


async def record(database: Database, message: Message) -> Request:
    """The request of a message for which `is_request` holds. It is recorded if it was not before."""
    return await record_received(database, received(message))


async def record_received(database: Database, photo: Received) -> Request:
    """The request of a photo. It is recorded if it was not before."""
    request, _ = await database.requests.record(**asdict(photo))
    return request
