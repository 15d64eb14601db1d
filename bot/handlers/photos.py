"""Photos, alone or in albums; the still of a live photo; photos quoted from another chat."""

from aiogram import Router
from aiogram.types import Message

from bot.photos.albums import Albums, Incoming
from bot.photos.asked import still
from bot.photos.inbox import Inbox
from bot.photos.service import PhotoService


def setup() -> Router:
    router = Router(name="photos")
    router.message.register(photo, still)
    # A person can replace a sent photo by another one.
    router.edited_message.register(photo, still)
    return router


async def photo(message: Message, inbox: Inbox, albums: Albums, photo_service: PhotoService) -> None:
    request = await inbox.find(message)
    if request is not None:
        await photo_service.receive(await albums.gather(Incoming(request)))
