"""The inbox: a photo is in the database before Telegram learns that its update has arrived.

An update counts as delivered once the next getUpdates asks for a later one. Recording inside the call
that brought it leaves no moment at which a killed process could lose a photo.
"""

from collections.abc import Sequence
from dataclasses import asdict

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message, PhotoSize, Update

from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import Received, Request


class Inbox(BaseRequestMiddleware):
    """Session middleware that records what a getUpdates call brings before anybody sees it.

    Where recording fails the call fails, and Telegram keeps the updates.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.last_update_id: int | None = None

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        result = await make_request(bot, method)
        if isinstance(method, GetUpdates):
            # The type says Response, but a session hands its middlewares the result itself.
            updates: list[Update] = result  # type: ignore[assignment]
            messages = [update.message for update in updates if update.message is not None]
            await self._record([message for message in messages if is_request(message)])
            if updates:
                self.last_update_id = updates[-1].update_id
        return result

    async def _record(self, messages: Sequence[Message]) -> None:
        # All in one transaction: whoever else wrote to the bot is waiting for this.
        await self._database.requests.record_all([received(message) for message in messages])
        senders = [message.from_user for message in messages if message.from_user]
        await self._database.users.seen_all({each.id: supported_language(each.language_code) for each in senders})


def is_request(message: Message) -> bool:
    """Does this message ask for a reading? Telegram sends a GIF as an animation and a document at once."""
    wanted = still(message) is not None or (message.document is not None and message.animation is None)
    return wanted and message.chat.type == "private" and message.from_user is not None


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
        media_group_id=message.media_group_id,
        file_id=file.file_id,
        file_unique_id=file.file_unique_id,
        note=message.caption,
        kind="photo" if photo is not None else "document",
    )


async def record(database: Database, message: Message) -> Request:
    """The request of a message for which `is_request` holds; recorded now if it was not before."""
    request, _ = await database.requests.record(**asdict(received(message)))
    return request
