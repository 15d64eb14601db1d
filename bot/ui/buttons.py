"""Inline buttons: keyboards made of them, and the message under which one was pressed."""

import contextlib
from collections.abc import Sequence

from aiogram import Bot
from aiogram.enums import ButtonStyle
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    CallbackQuery,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MaybeInaccessibleMessageUnion,
    Message,
)

Button = tuple[str, str]
"""What it says, and what it carries: 64 bytes at most."""


def keyboard(*rows: Sequence[Button | InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """Rows of buttons; an empty row is left out."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                each
                if isinstance(each, InlineKeyboardButton)
                else InlineKeyboardButton(text=each[0], callback_data=each[1])
                for each in row
            ]
            for row in rows
            if row
        ]
    )


def danger(text: str, data: str) -> InlineKeyboardButton:
    """A button that takes something away for good; red where the client knows colours."""
    return InlineKeyboardButton(text=text, callback_data=data, style=ButtonStyle.DANGER)


def copying(text: str, copied: str) -> InlineKeyboardButton:
    """A button that puts at most 256 characters on the person's clipboard."""
    return InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=copied))


def leading(text: str, url: str) -> InlineKeyboardButton:
    """A button that opens an address."""
    return InlineKeyboardButton(text=text, url=url)


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
