"""/export: all data on a person, as a file."""

import json
from datetime import UTC, datetime

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message
from aiogram.utils.i18n import gettext as _

from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="export")
    router.message.register(export, Command("export"))
    return router


async def export(message: Message, user: User, database: Database) -> None:
    data = await database.requests.export(user.id)
    data["moles"] = await database.moles.export(user.id)
    data["second_opinions"] = await database.opinions.export(user.id)
    data["doctors_said"] = await database.verdicts.export(user.id)
    data["shares"] = await database.shares.export(user.id)
    content = json.dumps(data, ensure_ascii=False, indent=2).encode()
    name = f"lesion-bot-{datetime.now(UTC):%Y-%m-%d}.json"
    await message.answer_document(BufferedInputFile(content, name), caption=_("Everything I keep about you, as JSON."))
