"""Access: banned people are turned away, and photos wait during maintenance."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, Update
from aiogram.utils.i18n import gettext as _

from bot.operator.access import Access
from bot.photos.asked import asked, is_request
from bot.photos.inbox import discard
from bot.ui.callbacks import Agree, Show
from storage.database import Database
from storage.records import User

# A banned person keeps the rights over their data.
RIGHTS = ("/privacy", "/export", "/delete")
CONFIRMATIONS = (Show.ERASE, Show.KEEP, Show.AGREEMENTS, Show.ASK_WITHDRAW)


class AccessControl(BaseMiddleware):
    """Turns banned people away, and lets photos wait during maintenance."""

    def __init__(self, access: Access, database: Database) -> None:
        self._access = access
        self._database = database
        # Who got the notice about the current maintenance.
        self._notified: set[int] = set()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User = data["user"]
        inner = event.event if isinstance(event, Update) else event
        if self._access.is_banned(user.id) and not _about_own_data(inner):
            await self._turn_away(inner)
            return None
        if not self._access.under_maintenance:
            self._notified.clear()
        elif isinstance(inner, Message) and is_request(inner) and user.consented_at is not None:
            # The photo is recorded. It is analysed after the maintenance or after a restart.
            if user.id not in self._notified:
                self._notified.add(user.id)
                await inner.answer(
                    _("🔧 I am being maintained. Your photo is kept, and I will read it as soon as that is over.")
                )
            return None
        return await handler(event, data)

    async def _turn_away(self, event: TelegramObject) -> None:
        text = _(
            "You can no longer use this bot. You still decide about your data: "
            "/privacy says what is kept, /export gives it to you, /delete erases it."
        )
        if isinstance(event, Message):
            if (photo := await asked(event)) is not None:
                await discard(self._database, photo)
            await event.answer(text)
        elif isinstance(event, CallbackQuery):
            await event.answer(text, show_alert=True)


def _about_own_data(event: TelegramObject) -> bool:
    if isinstance(event, Message):
        return event.text is not None and event.text.split("@")[0].split(maxsplit=1)[0] in RIGHTS
    if not isinstance(event, CallbackQuery):
        return False
    return event.data in CONFIRMATIONS or (event.data or "").startswith(f"{Agree.__prefix__}{Agree.__separator__}")
