"""Makes exports: one at a time for each person, a few at once, outside the event loop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from aiogram.types import BufferedInputFile
from aiogram.utils.i18n import gettext as _

from bot.exports.archive import Archive
from bot.exports.files import files
from bot.telegram.client import RetryingBot
from storage.database import Database

AT_ONCE = 2


class ExportDesk:
    """Makes exports and sends them.

    Args:
        bot: sends them.
        database: of the data.
        operator: who runs the bot.
    """

    def __init__(self, bot: RetryingBot, database: Database, operator: str | None) -> None:
        self._bot = bot
        self._database = database
        self._operator = operator
        self._in_work: set[int] = set()
        # Each holds an archive in memory.
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def send(self, user_id: int) -> bool:
        """Send a person all their data, in one or more files; False if an export of theirs is running.

        A person who is erased meanwhile gets no more files.
        """
        if user_id in self._in_work:
            return False
        self._in_work.add(user_id)
        try:
            async with self._turns, aclosing(self._archives(user_id)) as archives:
                number = 0
                async for content in archives:
                    number += 1
                    if await self._database.users.get(user_id) is None:
                        break
                    await self._send(user_id, content, number)
        finally:
            self._in_work.discard(user_id)
        return True

    async def _send(self, user_id: int, content: bytes, number: int) -> None:
        part = f"-{number}" if number > 1 else ""
        name = f"lesion-bot-{datetime.now(UTC):%Y-%m-%d}{part}.zip"
        caption = _("Everything I keep about you: data, tables, reports. README.txt says what is what.")
        if number > 1:
            caption = _("Part {number} of it.").format(number=number)
        await self._bot.send_document(user_id, BufferedInputFile(content, name), caption=caption)

    async def _archives(self, user_id: int) -> AsyncGenerator[bytes, None]:
        archive = Archive()
        async with aclosing(files(self._database, user_id, self._operator)) as made:
            async for name, content in made:
                full = await asyncio.to_thread(archive.add, name, content)
                if full is not None:
                    yield full
        yield await asyncio.to_thread(archive.close)
