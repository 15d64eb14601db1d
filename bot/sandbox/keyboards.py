"""Keyboards: under a message, or instead of the letters. They are checked as in Telegram."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram.types import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    SharedUser,
    User,
    UsersShared,
)

from bot.sandbox.chats import Conversation, PrivateChat
from bot.sandbox.errors import bad_request
from bot.sandbox.web_apps import check_address

CALLBACK_DATA_LIMIT = 64
COPIED_TEXT_LIMIT = 256
BUTTONS_LIMIT = 100
USERS_AT_ONCE = range(1, 11)
STYLES = ("danger", "success", "primary")

_NO_ACTION = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"


def inline_keyboard(chat: Conversation, markup: object) -> InlineKeyboardMarkup | None:
    """The keyboard under a message of a chat; None for an empty one. Raises: ApiError if Telegram would refuse it."""
    if markup is None:
        return None
    if not isinstance(markup, InlineKeyboardMarkup):
        raise bad_request("inline keyboard expected")
    buttons = [button for row in markup.inline_keyboard for button in row]
    if len(buttons) > BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not button.text:
            raise bad_request(_NO_ACTION)
        check_style(button.style)
        _check_action(chat, button)
    return markup if buttons else None


def check_style(style: str | None, allowed: Sequence[str] = STYLES) -> None:
    """Checks a button's style. Raises: ApiError 400 on an unknown one."""
    if style is not None and style not in allowed:
        raise bad_request("invalid button style specified")


def check_callback_data(data: str) -> None:
    """Checks callback data. Raises: ApiError 400 unless it has 1 to 64 bytes."""
    if not 1 <= len(data.encode()) <= CALLBACK_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")


def show_keyboard(chat: Conversation, markup: object) -> InlineKeyboardMarkup | None:
    """Shows or removes the keyboard of a new message. Returns an inline keyboard, which is part of the message.

    Raises: ApiError if Telegram would refuse it.
    """
    if isinstance(markup, ReplyKeyboardMarkup):
        _check_reply_keyboard(chat, markup)
        chat.keyboard = markup
        return None
    if isinstance(markup, ReplyKeyboardRemove):
        chat.keyboard = None
        return None
    return None if isinstance(markup, ForceReply) else inline_keyboard(chat, markup)


def shared_users(chat: Conversation, request_id: int, chosen: Sequence[User]) -> UsersShared:
    """The bot's data about people that somebody picks. Raises: ApiError if no button asks for them."""
    buttons = [button for row in chat.keyboard.keyboard for button in row] if chat.keyboard else []
    request = next(
        (b.request_users for b in buttons if b.request_users and b.request_users.request_id == request_id), None
    )
    if request is None:
        raise bad_request("the keyboard has no such button")
    if not 1 <= len(chosen) <= (request.max_quantity or 1):
        raise bad_request("wrong number of users selected")
    if request.user_is_bot:
        raise bad_request("the button asks for bots")
    users = [
        SharedUser(
            user_id=user.id,
            first_name=user.first_name if request.request_name else None,
            last_name=user.last_name if request.request_name else None,
            username=user.username if request.request_username else None,
        )
        for user in chosen
    ]
    return UsersShared(request_id=request_id, users=users, user_ids=[user.id for user in chosen])


def _check_action(chat: Conversation, button: InlineKeyboardButton) -> None:
    if button.callback_data is not None:
        check_callback_data(button.callback_data)
    elif button.copy_text is not None:
        if not 1 <= len(button.copy_text.text) <= COPIED_TEXT_LIMIT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    elif button.web_app is not None:
        check_address(button.web_app.url)
        if not isinstance(chat, PrivateChat):
            raise bad_request("BUTTON_TYPE_INVALID")
    elif button.url is not None:
        if not button.url.startswith(("http://", "https://", "tg://")):
            raise bad_request(f"inline keyboard button URL '{button.url}' is invalid: Wrong HTTP URL")
    elif button.disabled is None:
        raise bad_request(_NO_ACTION)


def _check_reply_keyboard(chat: Conversation, markup: ReplyKeyboardMarkup) -> None:
    buttons: list[KeyboardButton] = [button for row in markup.keyboard for button in row]
    if not buttons:
        raise bad_request("object expected as reply markup")
    for button in buttons:
        check_style(button.style)
        if button.request_users is None:
            continue
        if not isinstance(chat, PrivateChat):
            raise bad_request("users can be requested in private chats only")
        if (button.request_users.max_quantity or 1) not in USERS_AT_ONCE:
            raise bad_request("wrong max_quantity value specified")
