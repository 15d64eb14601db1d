"""The person who writes, and the language of the answer."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.enums import ChatType
from aiogram.types import Chat, TelegramObject, Update
from aiogram.types import User as TelegramUser
from aiogram.utils.i18n import I18nMiddleware

from bot.telegram.addressing import is_addressed
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import User

REMEMBERED = 10_000

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Recognition(BaseMiddleware):
    """Provides `user`: the stored person who wrote, or a stranger who is not stored.

    It writes nothing. If the database cannot be read, it uses what it remembers, so that messages that need only a
    language are answered at once.

    Updates outside private chats are dropped, unless a message speaks to the bot. People count as strangers there,
    because results are health data and do not belong in a group.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: OrderedDict[int, User] = OrderedDict()

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        sender: TelegramUser | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        if sender is None or chat is None:
            return None
        if chat.type != ChatType.PRIVATE:
            message = event.message if isinstance(event, Update) else None
            if message is None:
                return None
            if message.migrate_to_chat_id is None and not is_addressed(message, await data["bot"].me()):
                return None
            data["user"] = _stranger(sender)
            return await handler(event, data)
        data["arrived"] = time.monotonic()
        known = await self._known(sender.id)
        if known is None and isinstance(event, Update) and event.my_chat_member is not None:
            # A person who was erased and now blocks the bot must not be stored again.
            return None
        data["user"] = known or _stranger(sender)
        return await handler(event, data)

    async def _known(self, user_id: int) -> User | None:
        try:
            known = await self._database.users.get(user_id)
        except StorageUnavailable:
            return self._remembered.get(user_id)
        self._remembered.pop(user_id, None)
        if known is not None:
            self._remembered[user_id] = known
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return known


class Registration(BaseMiddleware):
    """Stores the person who wrote, if the handler has a parameter `user`, because then it works with their data.

    A person who was erased after they wrote stays erased and gets no answer. Raises StorageUnavailable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        called: HandlerObject = data["handler"]
        if "user" in called.params:
            sender: TelegramUser = data["event_from_user"]
            hint = supported_language(sender.language_code)
            data["user"] = await self._database.users.seen_at(sender.id, hint, data["arrived"])
            if data["user"] is None:
                return None
        return await handler(event, data)


class Language(I18nMiddleware):
    """Makes gettext use the person's language."""

    async def get_locale(self, event: TelegramObject, data: dict[str, Any]) -> str:
        user = data.get("user")
        return supported_language(user.language if user else None)


def _stranger(sender: TelegramUser) -> User:
    return User(
        id=sender.id,
        language=supported_language(sender.language_code),
        consented_at=None,
        announcements=True,
        blocked_at=None,
        created_at=datetime.now(UTC),
    )
