"""Photos, alone or in albums; of a live photo its still."""

from aiogram import F, Router
from aiogram.types import Message

from bot.photos.albums import Albums, Incoming
from bot.photos.inbox import record
from bot.photos.service import PhotoService
from storage.database import Database


def setup() -> Router:
    router = Router(name="photos")
    router.message.register(photo, F.photo | F.live_photo.photo)
    return router


async def photo(message: Message, database: Database, albums: Albums, photo_service: PhotoService) -> None:
    await photo_service.receive(await albums.gather(Incoming(await record(database, message))))
