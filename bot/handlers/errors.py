"""Errors of handlers: they are logged, and the person gets a message."""

import contextlib
import logging
import time
from collections.abc import Iterator

from aiogram import Bot, Router
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import ErrorEvent
from aiogram.types import User as TelegramUser
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.photos.asked import asked
from bot.photos.reading import NotWanted
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import DATABASE_LOST, StorageUnavailable
from storage.records import User

# The photos of an album fail one by one. One message for all of them is enough.
NOTICE_SECONDS = 30.0

logger = logging.getLogger(__name__)


def setup() -> Router:
    router = Router(name="errors")
    router.errors.register(LateWord().say, ExceptionTypeFilter(StorageUnavailable))
    router.errors.register(erased, ExceptionTypeFilter(NotWanted))
    router.errors.register(failed)
    return router


async def erased(event: ErrorEvent) -> None:
    """Somebody erased their data while their photo was being analysed. There is nothing to answer."""
    logger.info("update %d is about a photo that was erased meanwhile", event.update.update_id)


class LateWord:
    """Says that the database is unavailable, once for many messages. Nothing that was sent is lost."""

    def __init__(self) -> None:
        self._notified: dict[int, float] = {}

    async def say(
        self,
        event: ErrorEvent,
        bot: Bot,
        i18n: I18n,
        event_from_user: TelegramUser | None = None,
        user: User | None = None,
        comes_again: bool = False,
    ) -> None:
        """Answer a message or a button that could not be served.

        An update that is handled again gets no word about a lost database, but its answer then: the error is raised.
        """
        if comes_again and isinstance(event.exception, DATABASE_LOST):
            raise event.exception
        logger.warning("update %d is late: %s", event.update.update_id, event.exception)
        message, press = event.update.message, event.update.callback_query
        if event_from_user is None:
            return
        with _speaking(i18n, user):
            if press is not None:
                text = _("My memory is busy at the moment. Please press the button again in a minute.")
                await bot.answer_callback_query(press.id, text, show_alert=True)
            elif message is not None and self._is_due(event_from_user.id):
                if await asked(message) is not None:
                    text = _("My memory is busy at the moment. Your photo is not lost: I read it as soon as I can.")
                else:
                    text = _("My memory is busy at the moment. Please try again in a minute.")
                await message.reply(text)

    def _is_due(self, user_id: int) -> bool:
        now = time.monotonic()
        self._notified = {each: at for each, at in self._notified.items() if at > now - NOTICE_SECONDS}
        if user_id in self._notified:
            return False
        self._notified[user_id] = now
        return True


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
    if isinstance(error, TelegramAPIError):
        # The traceback shows only library code, and the person cannot get a message.
        logger.error("update %d failed: %s", event.update.update_id, type(error).__name__)
        return
    logger.error("update %d failed", event.update.update_id, exc_info=error)
    if event_from_user is None:
        return
    with _speaking(i18n, user):
        await bot.send_message(
            event_from_user.id, _("Something broke on my side. Sorry! Please try again in a moment.")
        )


@contextlib.contextmanager
def _speaking(i18n: I18n, user: User | None) -> Iterator[None]:
    """Use the language of a person, and ignore errors of Telegram when sending."""
    language = supported_language(user.language if user else None)
    with i18n.context(), i18n.use_locale(language), contextlib.suppress(TelegramAPIError):
        yield
