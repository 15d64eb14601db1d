"""The inbox: a photo is in the database before Telegram learns that its update has arrived.

An update counts as delivered once the next getUpdates asks for a later one. Recording inside the call
that brought it leaves no moment at which a killed process could lose a photo.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message, PhotoSize, Update

from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import StorageBusy
from storage.records import Received, Request
from storage.retry import until_stored

# Whoever wants no more than /help does not wait longer than this for photos to be recorded.
PATIENCE_SECONDS = 0.3
PAUSE_SECONDS = 0.2


class Inbox(BaseRequestMiddleware):
    """Session middleware that records what a getUpdates call brings before anybody sees it.

    Where recording fails the call fails, and Telegram keeps the updates. Where the database does not take photos for a
    while, what else has come is handed on. The photos are handed on at once too, and once more when they are recorded.
    Until then Telegram keeps everything from the first of them on, and shows a hundred updates of it at most.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # The last update handed on, photos that are not recorded yet by their update's number, and who records them.
        self._handed: int | None = None
        self._late: dict[int, Update] = {}
        self._recording: dict[asyncio.Task[None], list[int]] = {}

    @property
    def offset(self) -> int | None:
        """The first update that Telegram has to keep; None before there was any."""
        if self._late:
            return min(self._late)
        return None if self._handed is None else self._handed + 1

    async def find(self, message: Message) -> Request | None:
        """The request of a message for which `is_request` holds.

        None where it was erased since, and where an edit shows the same photo as before. Raises StorageBusy where it is
        not recorded yet: its update will come once more.
        """
        if any(_asking(each) == message for each in self._late.values()):
            raise StorageBusy("the photo is not recorded yet")
        request = await self._database.requests.of_message(message.chat.id, message.message_id)
        return None if request is None or request.edited_at < (message.edit_date or 0) else request

    async def take(self, update: Update) -> bool:
        """Record the photo of an update that came by itself; False where it holds none.

        Returns once it is recorded. Then Telegram may forget the update.
        """
        message = _asking(update)
        if message is None:
            return False
        await self._store([message], time.monotonic())
        return True

    async def close(self) -> None:
        """Give up recording what the database has not taken."""
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
        # The type says Response, but a session hands its middlewares the result itself.
        updates: list[Update] = await make_request(bot, asked)  # type: ignore[arg-type, assignment]
        updates = [each for each in updates if self._handed is None or each.update_id > self._handed]
        await self._record([each for each in updates if _asking(each) is not None])
        if updates:
            self._handed = updates[-1].update_id
        elif self._recording:
            # Telegram answers at once as long as it keeps something.
            await asyncio.wait(self._recording, timeout=PAUSE_SECONDS)
        return updates  # type: ignore[return-value]

    async def _record(self, updates: Sequence[Update]) -> None:
        """Record the photos of updates, in the background where that takes long."""
        if not updates:
            return
        messages = [message for each in updates if (message := _asking(each)) is not None]
        task = asyncio.create_task(self._store(messages, time.monotonic()))
        self._recording[task] = [each.update_id for each in updates]
        await asyncio.wait([task], timeout=PATIENCE_SECONDS)
        if task.done():
            del self._recording[task]
            task.result()
        else:
            self._late.update({each.update_id: each for each in updates})

    def _recorded_late(self) -> list[Update]:
        """Updates whose photos have been recorded since they were put off."""
        recorded = []
        for task in [each for each in self._recording if each.done()]:
            recorded += [self._late.pop(number) for number in self._recording.pop(task)]
            if task.exception() is not None:
                # Telegram gives them again.
                self._handed = recorded[0].update_id - 1
            task.result()
        return recorded

    async def _store(self, messages: Sequence[Message], arrived: float) -> None:
        # All in one transaction: whoever else wrote to the bot is waiting for this.
        requests = [received(message) for message in messages]
        new = [each for each in requests if not each.edited_at]
        await until_stored(partial(self._database.requests.record_all, new, arrived))
        for edit in (each for each in requests if each.edited_at):
            await until_stored(partial(self._database.edits.record, edit, arrived))
        # Whoever edits a message is known, or was erased.
        senders = [message.from_user for message in messages if message.from_user and not message.edit_date]
        hints = {each.id: supported_language(each.language_code) for each in senders}
        await until_stored(partial(self._database.users.seen_all, hints, arrived))


def is_request(message: Message) -> bool:
    """Does this message ask for a reading? Telegram sends a GIF as an animation and a document at once."""
    wanted = still(message) is not None or (message.document is not None and message.animation is None)
    return wanted and message.chat.type == "private" and message.from_user is not None


def _asking(update: Update) -> Message | None:
    """The message of an update, new or edited, that asks for a reading."""
    message = update.message or update.edited_message
    return message if message is not None and is_request(message) else None


def still(message: Message) -> list[PhotoSize] | None:
    """The sizes of the photo in a message, or of the still of a live photo; None where there is neither."""
    return message.photo or (message.live_photo.photo if message.live_photo is not None else None) or None


def largest(sizes: list[PhotoSize]) -> PhotoSize:
    """The biggest of the sizes in which Telegram offers one photo."""
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
        # Another photo in an album is read by itself.
        media_group_id=None if message.edit_date else message.media_group_id,
        file_id=file.file_id,
        file_unique_id=file.file_unique_id,
        note=message.caption,
        kind="photo" if photo is not None else "document",
        thread_id=message.message_thread_id if message.is_topic_message else None,
        edited_at=message.edit_date or 0,
    )


async def record(database: Database, message: Message) -> Request:
    """The request of a message for which `is_request` holds; recorded now if it was not before."""
    request, _ = await database.requests.record(**asdict(received(message)))
    return request
