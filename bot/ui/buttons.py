"""Inline buttons: keyboards made of them, and the message under which one was pressed."""

import contextlib
from collections.abc import Sequence

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MaybeInaccessibleMessageUnion,
    Message,
)

Button = tuple[str, str]
"""What it says, and what it carries: 64 bytes at most."""


def keyboard(*rows: Sequence[Button]) -> InlineKeyboardMarkup:
    """Rows of buttons; an empty row is left out."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=text, callback_data=data) for text, data in row] for row in rows if row
        ]
    )


async def say(callback: CallbackQuery, bot: Bot, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
    """Say something in the chat and topic of the message whose button was pressed."""
    await bot.send_message(callback.from_user.id, text, message_thread_id=topic(callback.message), reply_markup=markup)


def topic(message: MaybeInaccessibleMessageUnion | None) -> int | None:
    """The topic that a message belongs to; None in a chat without topics, and where the message is too old to tell."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


async def replace(callback: CallbackQuery, text: str, markup: InlineKeyboardMarkup | None = None) -> bool:
    """Put `text` and other buttons, or none, in place of the message whose button was pressed.

    False where that cannot be done: the message is too old, gone, or says just this already.
    """
    message = callback.message
    if isinstance(message, Message):
        with contextlib.suppress(TelegramBadRequest):
            if message.photo:
                await message.edit_caption(caption=text, reply_markup=markup)
            else:
                await message.edit_text(text, reply_markup=markup)
            return True
    return False
