"""/export: all data on a person, as files."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.exports.desk import ExportDesk
from storage.records import User


def setup() -> Router:
    router = Router(name="export")
    router.message.register(export, Command("export"))
    return router


async def export(message: Message, user: User, export_desk: ExportDesk) -> None:
    if not await export_desk.send(user.id):
        await message.answer(_("I am putting your data together already…"))
