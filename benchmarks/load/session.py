"""A sandbox, a bot and a crowd, with the meters that watch them."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, TCPConnector

from benchmarks.load.chats import Chats
from benchmarks.load.crowd import Crowd, pictures
from benchmarks.load.meters import Memory
from benchmarks.load.processes import BotProcess, sandbox_process

# Telegram's limit of messages a second for one bot.
MESSAGES_PER_SECOND = 30
TELLING_SECONDS = 10.0
SETTINGS = {"LOG_LEVEL": "INFO", "DELAY_LOG_SECONDS": "5"}


@dataclass(frozen=True)
class Session:
    """One run. `log` is the bot's."""

    http: ClientSession
    bot: BotProcess
    chats: Chats
    crowd: Crowd
    memory: Memory

    @property
    def log(self) -> str:
        return self.bot.log.read_text(encoding="utf-8")

    async def limit_messages(self) -> None:
        """From now on, the sandbox refuses messages beyond Telegram's limit."""
        await self._post("/sim/flood", {"overall": MESSAGES_PER_SECOND})

    async def order_fault(self, **fault: object) -> None:
        """Make the sandbox fail; see bot/sandbox/faults.py."""
        await self._post("/sim/faults", [fault])

    async def _post(self, path: str, body: object) -> None:
        async with self.http.post(self.bot.api_url + path, json=body) as response:
            response.raise_for_status()


@asynccontextmanager
async def open_session(data: Path | None, seed: int, settings: dict[str, str]) -> AsyncIterator[Session]:
    """Start a sandbox and a bot in a temporary folder, which stays if the run is interrupted."""
    photos = pictures(data)
    folder = tempfile.mkdtemp(prefix="load-")
    print(f"the bot's log is {folder}/bot.log", file=sys.stderr)
    with sandbox_process() as url:
        bot = BotProcess(url, Path(folder), SETTINGS | settings)
        async with ClientSession(connector=TCPConnector(limit=0)) as http, asyncio.TaskGroup() as group:
            chats, memory = Chats(http, url), Memory()
            following = group.create_task(chats.follow())
            await chats.ready.wait()
            bot.start()
            measuring = group.create_task(memory.keep_measuring(bot))
            telling = group.create_task(_keep_reporting(chats))
            try:
                yield Session(http, bot, chats, Crowd(http, url, chats, photos, seed), memory)
            finally:
                for each in (telling, measuring, following):
                    each.cancel()
                await asyncio.to_thread(bot.stop)
    shutil.rmtree(folder)


async def _keep_reporting(chats: Chats) -> None:
    while True:
        await asyncio.sleep(TELLING_SECONDS)
        answered = sum(each.answered_at is not None for each in chats.sent)
        print(f"{time.strftime('%H:%M:%S')} sent {len(chats.sent)}, answered {answered}", file=sys.stderr)
