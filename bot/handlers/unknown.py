"""Text that is no command of ours."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

router = Router(name="unknown")


@router.message(F.text)
async def unknown(message: Message) -> None:
    await message.answer(_("I do not understand text. Send me a close-up photo of a spot on the skin, or press /help."))


@router.callback_query()
async def stale_button(callback: CallbackQuery) -> None:
    await callback.answer(_("This button no longer works."))
