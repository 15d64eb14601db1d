"""Who writes, and in which language they are answered."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import Chat, TelegramObject
from aiogram.types import User as TelegramUser
from aiogram.utils.i18n import I18nMiddleware

from bot.ui.i18n import supported_language
from storage.database import Database


class Registration(BaseMiddleware):
    """Gives handlers `user`, the stored person who wrote; creates one on first contact.

    What happens outside of private chats goes no further: results are health data, and a group is no place
    for them; who only writes or leaves there has nothing to do with the bot, and is not kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        sender: TelegramUser | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        if sender is None or chat is None or chat.type != ChatType.PRIVATE:
            return None
        data["user"] = await self._database.users.seen(sender.id, supported_language(sender.language_code))
        return await handler(event, data)


class Language(I18nMiddleware):
    """Makes gettext speak the person's language."""

    async def get_locale(self, event: TelegramObject, data: dict[str, Any]) -> str:
        user = data.get("user")
        return supported_language(user.language if user else None)
