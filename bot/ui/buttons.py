"""Inline buttons: keyboards, and the message whose button was pressed."""

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
    WebAppInfo,
)

Button = tuple[str, str]
"""Its text, and its data: at most 64 bytes."""


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
    """A button for something that cannot be undone; red if the client supports colours."""
    return InlineKeyboardButton(text=text, callback_data=data, style=ButtonStyle.DANGER)


def copying(text: str, copied: str) -> InlineKeyboardButton:
    """A button that puts at most 256 characters on the person's clipboard."""
    return InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=copied))


def leading(text: str, url: str) -> InlineKeyboardButton:
    """A button that opens an address."""
    return InlineKeyboardButton(text=text, url=url)


def opening(text: str, url: str) -> InlineKeyboardButton:
    """A button that opens a Mini App; in private chats alone."""
    return InlineKeyboardButton(text=text, web_app=WebAppInfo(url=url))


async def say(callback: CallbackQuery, bot: Bot, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
    """Send a message to the chat and topic of the message whose button was pressed."""
    await bot.send_message(callback.from_user.id, text, message_thread_id=topic(callback.message), reply_markup=markup)


def topic(message: MaybeInaccessibleMessageUnion | None) -> int | None:
    """The topic of a message; None in a chat without topics, or if the message is too old."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


async def replace(callback: CallbackQuery, text: str, markup: InlineKeyboardMarkup | None = None) -> bool:
    """Replace the message whose button was pressed by `text`, with other buttons or none.

    False if it is impossible: the message is too old, gone, or has this text already.
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
