"""Unknown text, and buttons that no longer work."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_admin


def setup() -> Router:
    router = Router(name="unknown")
    router.message.register(stray_announcement, F.text, ~F.text.startswith("/"), is_admin)
    router.message.register(unknown, F.text)
    router.callback_query.register(stale_button)
    return router


async def stray_announcement(message: Message) -> None:
    # A restart forgets that an announcement was expected. Only administrators see this hint.
    hint = _(
        "If this is an announcement, press /broadcast and send it once more: after a restart I no longer wait for it."
    )
    await message.answer(f"{_not_understood()}\n\n{hint}")


async def unknown(message: Message) -> None:
    await message.answer(_not_understood())


async def stale_button(callback: CallbackQuery) -> None:
    await callback.answer(_("This button no longer works."))


def _not_understood() -> str:
    return _(
        "I do not understand this. Send me a close-up photo of a spot on the skin, ask “What should I do?”, or press "
        "/help."
    )
