"""/stats and /health, for administrators. To everybody else they do not exist."""

import asyncio
from datetime import UTC, datetime, timedelta

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message

from bot.handlers.filters import is_admin
from bot.operator import charts
from bot.operator.drift import Validation
from bot.operator.health import examine
from bot.operator.usage import summarise
from bot.operator.verdicts import agreement
from bot.settings import Settings
from bot.ui import admin
from bot.ui import health as health_ui
from storage.database import Database

STATS_DAYS = 28


def setup() -> Router:
    router = Router(name="admin")
    router.message.filter(is_admin)
    router.message.register(stats, F.text, Command("stats"))
    router.message.register(health, F.text, Command("health"))
    return router


async def stats(message: Message, database: Database, validation: Validation) -> None:
    handled = await database.statistics.since(datetime.now(UTC) - timedelta(days=STATS_DAYS))
    usage = await asyncio.to_thread(summarise, handled, STATS_DAYS)
    departures = await validation.compare(handled)
    picture = await asyncio.to_thread(charts.draw, usage, departures)
    agreed = agreement(await database.statistics.verdicts())
    caption = admin.stats(usage, await database.users.count_recipients(), agreed, departures)
    await message.answer_photo(BufferedInputFile(picture, "stats.png"), caption=caption)


async def health(message: Message, database: Database, settings: Settings, validation: Validation) -> None:
    await message.answer(health_ui.report(await examine(database, settings.data_dir, validation)))
