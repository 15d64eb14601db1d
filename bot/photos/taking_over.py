"""Copies a photo from a group to the private chat of its sender, where it is answered.

It is first recorded with its message in the group. So after a kill, the next start still copies it.
"""

from functools import partial

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError

from bot.telegram.gone import is_gone
from storage.database import Database
from storage.records import Request
from storage.retry import until_stored


def is_in_group(request: Request) -> bool:
    """Whether the photo of a request still has to be copied."""
    return request.chat_id != request.user_id


async def take_over(bot: Bot, database: Database, request: Request) -> Request | None:
    """Copy the photo of a request to the private chat. From then on, the request is about the copy.

    None if the bot may not write there: then the request is discarded. Also None if it was erased meanwhile.
    """
    send = bot.send_photo if request.kind == "photo" else bot.send_document
    try:
        sent = await send(request.user_id, request.file_id)
    except TelegramAPIError as error:
        if not is_gone(error):
            raise
        await until_stored(partial(database.requests.discard, request.id))
        return None
    return await until_stored(partial(database.chats.take_over, request.id, sent.message_id))
