"""Which photo a message asks to have read."""

from dataclasses import replace

from aiogram.types import Message, PhotoSize

from bot.telegram.addressing import is_addressed
from storage.records import Received


async def asked(message: Message) -> Received | None:
    """The photo that a message asks to have read; None if it asks for none.

    In a private chat it is the message's own. In a group, a message that speaks to the bot asks for its own photo, or
    for one of the same person that it replies to. That photo is read in private, like one that was sent there.
    """
    if is_request(message):
        return received(message)
    about = pictured(message)
    bot, sender, owner = message.bot, message.from_user, about.from_user if about is not None else None
    if message.chat.type == "private" or bot is None or about is None or sender is None or owner is None:
        return None
    if owner.id != sender.id or not is_addressed(message, await bot.me()):
        return None
    note = about.caption or message.text
    return replace(received(about), media_group_id=None, thread_id=None, edited_at=0, note=note)


def pictured(message: Message) -> Message | None:
    """The message whose photo somebody means in a group: their own, or the one they reply to."""
    for each in (message, message.reply_to_message):
        if each is not None and each.from_user is not None and has_picture(each):
            return each
    return None


def is_request(message: Message) -> bool:
    """Whether this is a message with a photo to analyse, in a private chat."""
    return message.chat.type == "private" and message.from_user is not None and has_picture(message)


def has_picture(message: Message) -> bool:
    """Whether a message has a photo or an image file.

    A GIF is sent as both animation and document, and does not count.
    """
    return still(message) is not None or (message.document is not None and message.animation is None)


def still(message: Message) -> list[PhotoSize] | None:
    """The sizes of the photo in a message, of the still of a live photo, or of a photo quoted from another chat.

    None if there is none of them, or if a command quotes a photo.
    """
    is_command = (message.text or "").startswith("/")
    others = (message.live_photo, None if is_command else message.external_reply)
    return message.photo or next((each.photo for each in others if each is not None and each.photo), None) or None


def largest(sizes: list[PhotoSize]) -> PhotoSize:
    """The largest of the sizes in which Telegram offers a photo."""
    return max(sizes, key=lambda size: size.width * size.height)


def received(message: Message) -> Received:
    """The request in a message for which `is_request` holds. Raises ValueError for any other."""
    photo = still(message)
    file = largest(photo) if photo is not None else message.document
    if message.from_user is None or file is None:
        raise ValueError("neither a photo nor a document of somebody")
    return Received(
        user_id=message.from_user.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        # An edited photo of an album is analysed separately.
        media_group_id=None if message.edit_date else message.media_group_id,
        file_id=file.file_id,
        file_unique_id=file.file_unique_id,
        note=message.caption or message.text,
        kind="photo" if photo is not None else "document",
        thread_id=message.message_thread_id if message.is_topic_message else None,
        edited_at=message.edit_date or 0,
    )
