"""Photos, alone or in albums."""

from aiogram import F, Router
from aiogram.types import Message

from bot.albums import Albums, Incoming
from bot.journal import record
from bot.reception import Reception
from storage.database import Database

router = Router(name="photos")


@router.message(F.photo)
async def photo(message: Message, database: Database, albums: Albums, reception: Reception) -> None:
    await reception.receive(await albums.gather(Incoming(await record(database, message))))
