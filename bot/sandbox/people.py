"""What a person can do in a chat: write, send files, edit, forward, press buttons, block the bot."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    Message,
    MessageEntity,
)

from bot.sandbox.chats import Conversation, Group, Press, PrivateChat
from bot.sandbox.errors import bad_request
from bot.sandbox.files import NotAPhoto, Rendition, renditions
from bot.sandbox.keyboards import shared_users
from bot.sandbox.members import membership
from bot.sandbox.methods.content import MEDIA, callback_data, caption_content, forwarded, quoted, text_content
from bot.sandbox.privacy import hears
from bot.sandbox.state import World, now
from bot.sandbox.topics import open_topic

CLIPS = ("voice", "video", "sticker", "animation")
PHOTOS_AT_ONCE = range(1, 11)


@dataclass(frozen=True)
class Destination:
    """Where a message goes: to the private chat or the group `chat_id`, there to a topic or as a reply.

    `quote` is a part of the text or caption of the message that is replied to.
    """

    chat_id: int | None = None
    message_thread_id: int | None = None
    reply_to: int | None = None
    quote: str | None = None


PRIVATE = Destination()


class People:
    """Plays the people. Every method raises ApiError 400 on an action that Telegram's apps do not offer."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(
        self,
        user_id: int,
        text: str,
        *,
        parse_mode: str | None = None,
        entities: Sequence[MessageEntity] | None = None,
        place: Destination = PRIVATE,
    ) -> Message:
        """Sends a text, optionally with formatting."""
        return self._send(user_id, text_content(text, parse_mode, entities), place)

    async def send_photos(
        self, user_id: int, pictures: Sequence[bytes], caption: str | None = None, place: Destination = PRIVATE
    ) -> list[Message]:
        """Sends photos, shrunk and re-encoded as in Telegram's apps; several are an album."""
        if len(pictures) not in PHOTOS_AT_ONCE:
            raise bad_request("an album has 2 to 10 photos")
        fields = caption_content(caption, None, None)
        made = [await _shrunk(picture) for picture in pictures]
        group = secrets.token_hex(8) if len(made) > 1 else None
        messages = []
        for sizes in made:
            photo = list(self._world.files.add_photo(sizes))
            messages.append(self._send(user_id, {**fields, "photo": photo, "media_group_id": group}, place))
            fields = {}
        return messages

    async def send_live_photo(
        self, user_id: int, still: bytes, video: bytes, caption: str | None = None, place: Destination = PRIVATE
    ) -> Message:
        """Sends a live photo. Telegram also provides its still as the message's photo."""
        photo = self._world.files.add_photo(await _shrunk(still))
        live = self._world.files.add_live_photo(video, photo)
        fields = caption_content(caption, None, None)
        return self._send(user_id, {**fields, "live_photo": live, "photo": list(photo)}, place)

    def send_document(
        self,
        user_id: int,
        data: bytes,
        name: str,
        mime_type: str | None,
        caption: str | None = None,
        place: Destination = PRIVATE,
    ) -> Message:
        """Sends a file unchanged."""
        document = self._world.files.add_document(data, name, mime_type)
        return self._send(user_id, {**caption_content(caption, None, None), "document": document}, place)

    def send_clip(self, user_id: int, kind: str, data: bytes, place: Destination = PRIVATE) -> Message:
        """Sends a voice message, video, sticker or animation. An animation has a document too."""
        clip = self._world.files.add_clip(kind, data)
        fields: dict[str, Any] = {kind: clip}
        if kind == "animation":
            fields["document"] = self._world.files.add_document(data, "animation.gif.mp4", "video/mp4")
        return self._send(user_id, fields, place)

    def forward(
        self, user_id: int, from_chat_id: int, message_id: int, *, hidden: bool = False, place: Destination = PRIVATE
    ) -> Message:
        """Forwards a message from another chat of the sandbox. `hidden`: its sender shows only a name, no account."""
        source = self._world.conversation(from_chat_id).message(message_id, "message to forward not found")
        return self._send(user_id, forwarded(source, hidden=hidden), place)

    def edit_text(self, user_id: int, message_id: int, text: str, chat_id: int | None = None) -> Message:
        """Changes the text, or the caption, of one's own message."""
        message = self._own(user_id, message_id, chat_id)
        changes = caption_content(text, None, None) if message.text is None else text_content(text, None, None)
        return self._edit(user_id, message, changes)

    async def edit_photo(
        self, user_id: int, message_id: int, picture: bytes, caption: str | None = None, chat_id: int | None = None
    ) -> Message:
        """Replaces one's own photo or file, and its caption."""
        message = self._own(user_id, message_id, chat_id)
        if message.photo is None and message.document is None:
            raise bad_request("there is no media in the message to edit")
        photo = list(self._world.files.add_photo(await _shrunk(picture)))
        changes = {**dict.fromkeys(MEDIA), "photo": photo, **caption_content(caption, None, None)}
        return self._edit(user_id, message, changes)

    def share_users(self, user_id: int, request_id: int, chosen: Sequence[int]) -> Message:
        """Picks people with a button of the bot's keyboard that asks for them."""
        chat = self._writing(user_id, PRIVATE)
        candidates = [self._world.person(each).user for each in chosen]
        return self._send(user_id, {"users_shared": shared_users(chat, request_id, candidates)}, PRIVATE)

    def press(self, user_id: int, message_id: int, data: str, chat_id: int | None = None) -> Press:
        """Presses the inline button that carries `data`."""
        conversation = self._writing(user_id, Destination(chat_id))
        message = conversation.message(message_id, "there is no such message")
        if data not in callback_data(message):
            raise bad_request("the message has no such button")
        press = Press(str(secrets.randbelow(2**63)), message_id, data)
        self._world.remember_press(conversation, press)
        self._world.updates.push(
            "callback_query",
            CallbackQuery(
                id=press.callback_query_id,
                from_user=self._world.person(user_id).user,
                chat_instance=str(conversation.id),
                message=message,
                data=data,
            ),
        )
        return press

    def set_blocked(self, user_id: int, blocked: bool) -> None:
        """Stops the bot, or lets it write again."""
        chat = self._world.person(user_id)
        if chat.blocked == blocked:
            return
        before, after = [membership(self._world.bot, "kicked" if each else "member") for each in (not blocked, blocked)]
        chat.blocked = blocked
        self._world.updates.push(
            "my_chat_member",
            ChatMemberUpdated(
                chat=chat.chat, from_user=chat.user, date=now(), old_chat_member=before, new_chat_member=after
            ),
        )
        self._world.events.publish("blocked", user_id, {"blocked": blocked})

    def open_topic(self, user_id: int, name: str, chat_id: int | None = None) -> Message:
        """Opens a topic in the private chat or in a forum."""
        chat = self._writing(user_id, Destination(chat_id))
        _, message = open_topic(self._world, chat, self._world.person(user_id).user, name)
        self._tell("message", chat, message)
        return message

    def delete_account(self, user_id: int) -> None:
        """The person leaves Telegram. The bot gets no update; its messages are refused from now on."""
        self._world.person(user_id).deleted = True

    def _writing(self, user_id: int, place: Destination) -> Conversation:
        person = self._world.person(user_id)
        if person.deleted:
            raise bad_request("this person has deleted the account")
        if place.chat_id is not None and place.chat_id != user_id:
            conversation = self._world.conversation(place.chat_id)
            if not isinstance(conversation, Group) or user_id not in conversation.members:
                raise bad_request("this person is not in the chat")
            if conversation.deleted or conversation.migrated_to is not None:
                raise bad_request("the chat is closed")
            return conversation
        if person.blocked:
            raise bad_request("this person has blocked the bot")
        return person

    def _send(self, user_id: int, fields: dict[str, Any], place: Destination) -> Message:
        conversation = self._writing(user_id, place)
        if isinstance(conversation, PrivateChat):
            conversation.started = True
        target = None
        if place.reply_to is not None:
            target = conversation.message(place.reply_to, "message to be replied not found")
            fields["reply_to_message"] = target.model_copy(update={"reply_to_message": None})
            fields["quote"] = quoted(target, place.quote)
        fields |= conversation.thread(place.message_thread_id, target)
        message = self._world.post(conversation, self._world.person(user_id).user, fields)
        self._tell("message", conversation, message)
        return message

    def _own(self, user_id: int, message_id: int, chat_id: int | None) -> Message:
        message = self._writing(user_id, Destination(chat_id)).message(message_id, "message to edit not found")
        if message.from_user is None or message.from_user.id != user_id or message.forward_origin is not None:
            raise bad_request("message can't be edited")
        return message

    def _edit(self, user_id: int, message: Message, changes: Mapping[str, Any]) -> Message:
        conversation = self._writing(user_id, Destination(message.chat.id))
        edited = self._world.replace(conversation, message, changes)
        self._tell("edited_message", conversation, edited)
        return edited

    def _tell(self, kind: str, conversation: Conversation, message: Message) -> None:
        if isinstance(conversation, Group):
            there = conversation.status in ("member", "administrator")
            if not there or not hears(self._world.bot, conversation, message):
                return
        self._world.updates.push(kind, message)


async def _shrunk(picture: bytes) -> list[Rendition]:
    try:
        return await renditions(picture, from_bot=False)
    except NotAPhoto as error:
        raise bad_request(str(error)) from None
