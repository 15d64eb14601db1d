"""What happens when a handler fails: it is logged, and the person hears of it."""

import contextlib
import logging

from aiogram import Bot, Router
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.types import ErrorEvent
from aiogram.types import User as TelegramUser
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import User

logger = logging.getLogger(__name__)


def setup() -> Router:
    router = Router(name="errors")
    router.errors.register(failed)
    return router


async def failed(
    event: ErrorEvent,
    bot: Bot,
    database: Database,
    i18n: I18n,
    event_from_user: TelegramUser | None = None,
    user: User | None = None,
) -> None:
    error = event.exception
    if event_from_user is not None and isinstance(error, TelegramForbiddenError):
        await database.users.mark_blocked(event_from_user.id)
        return
    logger.error("update %d failed", event.update.update_id, exc_info=error)
    if event_from_user is None or isinstance(error, TelegramAPIError):
        return
    language = supported_language(user.language if user else None)
    with i18n.context(), i18n.use_locale(language), contextlib.suppress(TelegramAPIError):
        await bot.send_message(
            event_from_user.id, _("Something broke on my side. Sorry! Please try again in a moment.")
        )
