"""The question whether a person agrees to the terms: asked at /start and below photos that came before."""

import contextlib
from collections import OrderedDict

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.results import Trouble
from bot.ui import apologies, texts
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Show
from storage.records import Request

REMEMBERED = 10_000


class Agreement:
    """Asks for the agreement. Of several questions in a chat, only the last one has the button.

    Args:
        bot: asks.
        operator: who runs the bot, as the terms name them.
    """

    def __init__(self, bot: Bot, operator: str | None) -> None:
        self._bot = bot
        self._operator = operator
        self._asked: OrderedDict[int, int] = OrderedDict()

    async def ask(self, user_id: int, thread_id: int | None) -> None:
        """Greet somebody and ask."""
        await self._ask(user_id, texts.welcome(), thread_id, None)

    async def ask_below(self, request: Request) -> None:
        """Answer a photo that came before the agreement."""
        reply = ReplyParameters(message_id=request.message_id, allow_sending_without_reply=True)
        await self._ask(request.chat_id, apologies.apology(Trouble.NO_CONSENT), request.thread_id, reply)

    async def _ask(self, chat_id: int, text: str, thread_id: int | None, reply: ReplyParameters | None) -> None:
        earlier = self._asked.pop(chat_id, None)
        sent = await self._bot.send_message(
            chat_id,
            f"{text}\n\n{texts.terms(self._operator)}",
            message_thread_id=thread_id,
            reply_parameters=reply,
            reply_markup=keyboard([(_("✅ I understand and agree"), Show.CONSENT)]),
        )
        self._asked[chat_id] = sent.message_id
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        if earlier is not None:
            # The text stays. A button that stays too does no harm.
            with contextlib.suppress(TelegramAPIError):
                await self._bot.edit_message_reply_markup(chat_id=chat_id, message_id=earlier)
