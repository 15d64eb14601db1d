"""Photos, alone or in albums. Of a live photo, the still picture is used."""

from aiogram import F, Router
from aiogram.types import Message

from bot.photos.albums import Albums, Incoming
from bot.photos.inbox import Inbox
from bot.photos.service import PhotoService


def setup() -> Router:
    router = Router(name="photos")
    router.message.register(photo, F.photo | F.live_photo.photo)
    # A person can edit a message to replace its photo.
    router.edited_message.register(photo, F.photo | F.live_photo.photo)
    return router


async def photo(message: Message, inbox: Inbox, albums: Albums, photo_service: PhotoService) -> None:
    request = await inbox.find(message)
    if request is not None:
        await photo_service.receive(await albums.gather(Incoming(request)))
