"""What a person can do in the chat: write, send files, press buttons, block the bot."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiogram.types import (
    CallbackQuery,
    ChatMemberBanned,
    ChatMemberMember,
    ChatMemberUpdated,
    Message,
    MessageEntity,
    User,
)

from bot.sandbox.errors import bad_request
from bot.sandbox.files import NotAPhoto, renditions
from bot.sandbox.methods.content import caption_content, text_content
from bot.sandbox.state import Conversation, Press, World, now

CLIPS = ("voice", "video", "sticker", "animation")
PHOTOS_AT_ONCE = range(1, 11)
# Telegram writes a ban without end as the start of time.
_FOREVER = datetime.fromtimestamp(0, UTC)


class People:
    """Plays the persons. Every method raises ApiError 400 on what Telegram's clients do not offer."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(
        self,
        user_id: int,
        text: str,
        *,
        parse_mode: str | None = None,
        entities: Sequence[MessageEntity] | None = None,
        reply_to: int | None = None,
    ) -> Message:
        """Sends a text, with formatting where asked for, as a reply where `reply_to` names a message."""
        return self._send(user_id, text_content(text, parse_mode, entities), reply_to)

    async def send_photos(self, user_id: int, pictures: Sequence[bytes], caption: str | None = None) -> list[Message]:
        """Sends photos, shrunk and re-encoded as Telegram's clients do; several are an album."""
        if len(pictures) not in PHOTOS_AT_ONCE:
            raise bad_request("an album has 2 to 10 photos")
        fields = caption_content(caption, None, None)
        try:
            made = [await renditions(picture, from_bot=False) for picture in pictures]
        except NotAPhoto as error:
            raise bad_request(str(error)) from None
        group = secrets.token_hex(8) if len(made) > 1 else None
        messages = []
        for sizes in made:
            photo = list(self._world.files.add_photo(sizes))
            messages.append(self._send(user_id, {**fields, "photo": photo, "media_group_id": group}))
            fields = {}
        return messages

    def send_document(
        self, user_id: int, data: bytes, name: str, mime_type: str | None, caption: str | None = None
    ) -> Message:
        """Sends a file as it is."""
        document = self._world.files.add_document(data, name, mime_type)
        return self._send(user_id, {**caption_content(caption, None, None), "document": document})

    def send_clip(self, user_id: int, kind: str, data: bytes) -> Message:
        """Sends a voice message, video, sticker or animation; an animation carries a document too."""
        clip = self._world.files.add_clip(kind, data)
        fields: dict[str, Any] = {kind: clip}
        if kind == "animation":
            fields["document"] = self._world.files.add_document(data, "animation.gif.mp4", "video/mp4")
        return self._send(user_id, fields)

    def press(self, user_id: int, message_id: int, data: str) -> Press:
        """Presses the inline button that carries `data`."""
        conversation = self._writing(user_id)
        message = conversation.message(message_id, "there is no such message")
        rows = message.reply_markup.inline_keyboard if message.reply_markup else []
        if not any(button.callback_data == data for row in rows for button in row):
            raise bad_request("the message has no such button")
        press = Press(str(secrets.randbelow(2**63)), message_id, data)
        self._world.pressed(conversation, press)
        self._world.updates.push(
            "callback_query",
            CallbackQuery(
                id=press.callback_query_id,
                from_user=conversation.user,
                chat_instance=str(user_id),
                message=message,
                data=data,
            ),
        )
        return press

    def set_blocked(self, user_id: int, blocked: bool) -> None:
        """Stops the bot, or lets it write again."""
        conversation = self._world.conversation(user_id)
        if conversation.blocked == blocked:
            return
        before, after = self._membership(conversation.blocked), self._membership(blocked)
        conversation.blocked = blocked
        self._world.updates.push(
            "my_chat_member",
            ChatMemberUpdated(
                chat=conversation.chat,
                from_user=conversation.user,
                date=now(),
                old_chat_member=before,
                new_chat_member=after,
            ),
        )
        self._world.events.publish("blocked", user_id, {"blocked": blocked})

    def _membership(self, blocked: bool) -> ChatMemberBanned | ChatMemberMember:
        bot: User = self._world.bot
        return ChatMemberBanned(user=bot, until_date=_FOREVER) if blocked else ChatMemberMember(user=bot)

    def _writing(self, user_id: int) -> Conversation:
        conversation = self._world.conversation(user_id)
        if conversation.blocked:
            raise bad_request("this person has blocked the bot")
        return conversation

    def _send(self, user_id: int, fields: dict[str, Any], reply_to: int | None = None) -> Message:
        conversation = self._writing(user_id)
        conversation.started = True
        if reply_to is not None:
            target = conversation.message(reply_to, "message to be replied not found")
            fields["reply_to_message"] = target.model_copy(update={"reply_to_message": None})
        message = self._world.post(conversation, conversation.user, fields)
        self._world.updates.push("message", message)
        return message
