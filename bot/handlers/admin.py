"""/models and /stats, for those in ADMIN_IDS. To everybody else they do not exist."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.handlers.filters import is_admin
from bot.ui import admin
from inference.engine.engine import Engine
from storage.database import Database

STATS_DAYS = 14


def setup() -> Router:
    router = Router(name="admin")
    router.message.filter(is_admin)
    router.message.register(models, F.text, Command("models"))
    router.message.register(stats, F.text, Command("stats"))
    return router


async def models(message: Message, engine: Engine) -> None:
    # A message each: the figures of all together may be more than one message holds.
    for model in engine.models:
        await message.answer(admin.model_card(model))


async def stats(message: Message, database: Database) -> None:
    days = await database.requests.daily(STATS_DAYS)
    await message.answer(admin.stats(days, await database.users.count_recipients()))
