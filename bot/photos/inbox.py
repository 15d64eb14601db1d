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
from aiogram.types import Message, Update

from bot.photos.asked import asked, is_request, received
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import UNSTORABLE, StorageBusy
from storage.records import Received, Request
from storage.retry import until_stored

# Other updates, such as /help, wait at most this long for photos to be recorded.
TIMEOUT_SECONDS = 0.3
# A photo that takes longer is handled before it is recorded, so that the person hears that it is late.
LATE_SECONDS = 3.0
PAUSE_SECONDS = 0.2

T = TypeVar("T")
Asking = tuple[Message, Received]
"""A message that asks for a photo to be read, and that photo."""

logger = logging.getLogger(__name__)


class Inbox(BaseRequestMiddleware):
    """Session middleware that records the photos of a getUpdates call before the updates are handled.

    If recording fails, the call fails and Telegram keeps the updates. If the database is busy for a while, other
    updates are handled meanwhile, and the photos when they are recorded. If it is busy for longer, the photos are
    handled once before as well, so that the person hears of it. Until they are recorded, Telegram keeps all updates
    since the first of these photos, and returns at most a hundred of them.

    A photo that somebody asks about in a group is recorded too, if the bot knows this person. A stranger presses Start
    first, so nothing about strangers is recorded.

    Args:
        database: where they are recorded.
        admits: whether what a message asks for is accepted. Other photos are not recorded.
    """

    def __init__(self, database: Database, admits: Callable[[Message], bool] = lambda message: True) -> None:
        self._database = database
        self._admits = admits
        # The last handled update; update number -> photo that is not recorded yet; update number -> when its person
        # hears that it is late; and the task that records them.
        self._handed: int | None = None
        self._late: dict[int, Update] = {}
        self._withheld: dict[int, float] = {}
        self._recording: dict[asyncio.Task[int], list[int]] = {}

    @property
    def offset(self) -> int | None:
        """The first update that Telegram must keep; None before the first update."""
        if self._late:
            return min(self._late)
        return None if self._handed is None else self._handed + 1

    async def find(self, message: Message) -> Request | None:
        """The request of a message for which `is_request` holds.

        None if it was erased, or if an edit kept the photo. Raises StorageBusy as `ensure_recorded` does.
        """
        self.ensure_recorded(message)
        request = await self._database.requests.of_message(message.chat.id, message.message_id)
        return None if request is None or request.edited_at < (message.edit_date or 0) else request

    def ensure_recorded(self, message: Message) -> None:
        """Raise StorageBusy if the photo that a message asks about is not recorded yet.

        Its update will be handled again.
        """
        if any(message in (each.message, each.edited_message) for each in self._late.values()):
            raise StorageBusy("the photo is not recorded yet")

    async def take(self, update: Update, arrived: float) -> bool:
        """Record the photo of a single update that arrived at `arrived`.

        False if it asks for none, or if a stranger asks in a group. Returns when it is recorded. Then the update may be
        forgotten.
        """
        asking = await self._asking(update)
        if asking is None or not self._admits(asking[0]):
            return False
        return await self._store([asking], arrived) == 1

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
        if ready := self._recorded_late() + self._overdue():
            return ready  # type: ignore[return-value]
        call = method if self.offset is None else method.model_copy(update={"offset": self.offset})
        # The type is Response, but a session passes the result itself to its middlewares.
        updates: list[Update] = await make_request(bot, call)  # type: ignore[arg-type, assignment]
        updates = [each for each in updates if self._handed is None or each.update_id > self._handed]
        asking = [(each, found) for each in updates if (found := await self._asking(each)) is not None]
        await self._record([(each, found) for each, found in asking if self._admits(found[0])])
        if updates:
            self._handed = updates[-1].update_id
        elif self._recording:
            # Telegram answers at once while it keeps updates.
            await asyncio.wait(self._recording, timeout=PAUSE_SECONDS)
        return [each for each in updates if each.update_id not in self._withheld]  # type: ignore[return-value]

    async def _asking(self, update: Update) -> Asking | None:
        """The message of an update and the photo it asks about; an edit counts in private only."""
        edit = update.edited_message
        message = update.message or (edit if edit is not None and edit.chat.type == "private" else None)
        photo = await asked(message) if message is not None else None
        return (message, photo) if message is not None and photo is not None else None

    async def _record(self, asking: Sequence[tuple[Update, Asking]]) -> None:
        """Record the photos of updates; in the background if it takes long."""
        if not asking:
            return
        storing = self._store([found for _update, found in asking], time.monotonic())
        task = asyncio.create_task(storing)
        self._recording[task] = [update.update_id for update, _found in asking]
        await asyncio.wait([task], timeout=TIMEOUT_SECONDS)
        if task.done():
            del self._recording[task]
            task.result()
        else:
            self._late.update({update.update_id: update for update, _found in asking})
            self._withheld.update(dict.fromkeys(self._recording[task], time.monotonic() + LATE_SECONDS))

    def _recorded_late(self) -> list[Update]:
        """Updates whose delayed photos have been recorded meanwhile."""
        recorded = []
        for task in [each for each in self._recording if each.done()]:
            numbers = self._recording.pop(task)
            recorded += [self._late.pop(number) for number in numbers]
            self._withheld = {number: at for number, at in self._withheld.items() if number not in numbers}
            if task.exception() is not None:
                # Telegram sends them again.
                self._handed = recorded[0].update_id - 1
            task.result()
        return recorded

    def _overdue(self) -> list[Update]:
        """Updates whose photos are still not recorded, each once. Their handlers say so."""
        now = time.monotonic()
        overdue = [number for number, at in self._withheld.items() if at <= now]
        for number in overdue:
            del self._withheld[number]
        return [self._late[number] for number in overdue]

    async def _store(self, asking: Sequence[Asking], arrived: float) -> int:
        """Record photos, those of strangers in groups left out; returns how many were not."""
        asking = [each for each in asking if is_request(each[0]) or await self._knows(each[1].user_id)]
        # All in one transaction, because all other updates wait for it.
        requests = [photo for _message, photo in asking]
        new = [each for each in requests if not each.edited_at]
        await _store_each(lambda some: self._database.requests.record_all(some, arrived), new)
        for edit in (each for each in requests if each.edited_at):
            await _store_each(lambda some: self._database.edits.record(some[0], arrived), [edit])
        # A person who edits a message is known or was erased.
        senders = [each.from_user for each, _photo in asking if each.from_user and not each.edit_date]
        hints = {each.id: supported_language(each.language_code) for each in senders}
        await _store_each(lambda some: self._database.users.seen_all(dict(some), arrived), list(hints.items()))
        return len(asking)

    async def _knows(self, user_id: int) -> bool:
        """Whether this person has spoken to the bot in private, and has not blocked it."""
        try:
            user = await until_stored(partial(self._database.users.get, user_id))
        except UNSTORABLE:
            return False
        return user is not None and user.blocked_at is None


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


async def record(database: Database, message: Message) -> Request:
    """The request of a message for which `is_request` holds. It is recorded if it was not before."""
    return await record_received(database, received(message))


async def discard(database: Database, photo: Received) -> None:
    """Discard the request of a photo that is not to be read, if it was recorded."""
    request = await database.requests.of_message(photo.chat_id, photo.message_id)
    if request is not None:
        await database.requests.discard(request.id)


async def record_received(database: Database, photo: Received) -> Request:
    """The request of a photo. It is recorded if it was not before."""
    request, _ = await database.requests.record(**asdict(photo))
    return request
