"""Edits, deletions, and answers to buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
)
from aiogram.types import Message

from bot.sandbox.chats import Conversation
from bot.sandbox.entities import utf16_length
from bot.sandbox.errors import bad_request
from bot.sandbox.keyboards import inline_keyboard
from bot.sandbox.methods import content
from bot.sandbox.methods.messages import album_part
from bot.sandbox.methods.registry import Registry
from bot.sandbox.methods.rich import rich_message
from bot.sandbox.state import World

methods = Registry()
CALLBACK_ANSWER_LIMIT = 200
DELETIONS_AT_ONCE = range(1, 101)


def _editable(world: World, chat_id: int | str | None, message_id: int | None) -> tuple[Conversation, Message]:
    if chat_id is None:
        raise bad_request("chat_id is empty")
    conversation = world.reachable(chat_id)
    message = conversation.message(message_id, "message to edit not found")
    if message.from_user is None or message.from_user.id != world.bot.id:
        raise bad_request("message can't be edited")
    return conversation, message


def _edit(world: World, conversation: Conversation, message: Message, changes: Mapping[str, Any]) -> Message:
    before = {name: getattr(message, name) for name in changes}
    if before == dict(changes):
        raise bad_request(
            "message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
    return world.replace(conversation, message, changes)


@methods.handles(EditMessageText)
async def edit_text(world: World, asked: EditMessageText) -> Message:
    conversation, message = _editable(world, asked.chat_id, asked.message_id)
    if message.text is None and message.rich_message is None:
        raise bad_request("there is no text in the message to edit")
    changes: dict[str, Any] = {"text": None, "entities": None, "rich_message": None}
    if asked.rich_message is not None:
        changes["rich_message"] = await rich_message(world, asked.rich_message)
    else:
        changes |= content.text_content(asked.text or "", asked.parse_mode, asked.entities)
    changes["reply_markup"] = inline_keyboard(conversation, asked.reply_markup)
    return _edit(world, conversation, message, changes)


@methods.handles(EditMessageCaption)
async def edit_caption(world: World, asked: EditMessageCaption) -> Message:
    conversation, message = _editable(world, asked.chat_id, asked.message_id)
    if message.text is not None or message.rich_message is not None:
        raise bad_request("there is no caption in the message to edit")
    changes = content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    changes["reply_markup"] = inline_keyboard(conversation, asked.reply_markup)
    return _edit(world, conversation, message, changes)


@methods.handles(EditMessageMedia)
async def edit_media(world: World, asked: EditMessageMedia) -> Message:
    conversation, message = _editable(world, asked.chat_id, asked.message_id)
    changes = await album_part(world, asked.media)
    if message.media_group_id is not None and (message.photo is None) != (changes["photo"] is None):
        raise bad_request("can't change media type in the album")
    changes |= {"text": None, "entities": None, "reply_markup": inline_keyboard(conversation, asked.reply_markup)}
    return _edit(world, conversation, message, changes)


@methods.handles(EditMessageReplyMarkup)
async def edit_reply_markup(world: World, asked: EditMessageReplyMarkup) -> Message:
    conversation, message = _editable(world, asked.chat_id, asked.message_id)
    return _edit(world, conversation, message, {"reply_markup": inline_keyboard(conversation, asked.reply_markup)})


@methods.handles(DeleteMessage)
async def delete_message(world: World, asked: DeleteMessage) -> bool:
    conversation = world.reachable(asked.chat_id)
    conversation.message(asked.message_id, "message to delete not found")
    world.remove(conversation, [asked.message_id])
    return True


@methods.handles(DeleteMessages)
async def delete_messages(world: World, asked: DeleteMessages) -> bool:
    conversation = world.reachable(asked.chat_id)
    if len(asked.message_ids) not in DELETIONS_AT_ONCE:
        raise bad_request("wrong number of message identifiers specified")
    # Unlike deleteMessage, this method ignores missing messages.
    world.remove(conversation, [number for number in asked.message_ids if number in conversation.messages])
    return True


@methods.handles(AnswerCallbackQuery)
async def answer_callback_query(world: World, asked: AnswerCallbackQuery) -> bool:
    conversation, press = world.press(asked.callback_query_id)
    if press.answered:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if utf16_length(asked.text or "") > CALLBACK_ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    press.answered, press.text, press.show_alert = True, asked.text or None, bool(asked.show_alert)
    world.events.publish(
        "callback_answer",
        conversation.id,
        {
            "callback_query_id": press.callback_query_id,
            "message_id": press.message_id,
            "text": press.text,
            "show_alert": press.show_alert,
        },
    )
    return True
