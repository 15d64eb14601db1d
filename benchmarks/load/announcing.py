"""An announcement to very many people, while Telegram fails at random, the bot is killed, and people send photos."""

import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiogram.types import User
from aiohttp import ClientSession

from benchmarks.load import report
from benchmarks.load.chats import Chats, Sent
from benchmarks.load.crowd import Crowd, pictures
from benchmarks.load.meters import Memory
from benchmarks.load.processes import ADMIN_ID, ROOT, TOKEN, BotProcess
from bot.sandbox import Sandbox
from bot.sandbox.chats import PrivateChat
from bot.sandbox.client import Message, Person, words
from bot.sandbox.faults import Fault, FaultKind

PAGE = ROOT / "docs" / "operating.md"
NEWS = "A better model reads your photos from today on."
FIRST_ID = 10_000_001
PATIENTS = 4
# One call in this many fails.
FAULTY = 250
KINDS: Sequence[FaultKind] = ("403", "403", "403", "403", "429", "429", "500", "502", "503")
KILLS_AT = (1 / 3, 2 / 3)
# Checking a hundred thousand chats takes a moment.
LOOK_SECONDS = 3.0
SETTLED_SECONDS = 120.0
GROWTH_MB = 30.0
SETTINGS = {"LOG_LEVEL": "INFO", "DELAY_LOG_SECONDS": "5"}


@dataclass
class Outcome:
    """The outcome. `received`: how many got it once. `lines`: the summary for the administrator."""

    recipients: int
    received: int
    doubled: int
    seconds: float
    lines: Sequence[str]
    photos: list[Sent] = field(default_factory=list)

    @property
    def unexplained(self) -> int:
        """How many got nothing, and are neither blocked nor uncertain in the summary."""
        others = sum(int(line.rpartition(" ")[2]) for line in self.lines[2:])
        return max(0, self.recipients - self.received - others)


async def run(recipients: int, photo_pause: float, data: Path | None, seed: int, settings: dict[str, str]) -> bool:
    """Measure, print and publish. Returns whether nobody was missed or doubled, all photos were answered, and memory
    did not grow.

    Args:
        recipients: how many people the announcement is for.
        photo_pause: mean seconds between two photos.
        data, seed, settings: as in `burst.run`.
    """
    folder = Path(tempfile.mkdtemp(prefix="announcing-"))
    print(f"the bot's log is {folder}/bot.log", file=sys.stderr)
    memory = Memory()
    outcome, log = await announce(recipients, photo_pause, pictures(data), seed, folder, settings, memory)
    lost, doubled = report.faults(outcome.photos)
    growth = memory.growth("bot", SETTLED_SECONDS)
    good = outcome.doubled == outcome.unexplained == lost == doubled == 0 and growth < GROWTH_MB
    rows = [
        ("recipients", f"{recipients:,}"),
        ("minutes", f"{outcome.seconds / 60:.0f}"),
        *((name, value.strip()) for name, _colon, value in (line.partition(":") for line in outcome.lines[1:])),
        ("got it twice / were missed unnoticed", f"{outcome.doubled} / {outcome.unexplained}"),
        ("growth of the bot's memory between two kills", f"{growth:+.1f} MB"),
        *report.of_photos(outcome.photos),
        *report.of_process(memory, log),
        ("verdict", "nobody missed, nobody doubled, no growth" if good else "FAILED"),
    ]
    title = f"An announcement to {recipients:,} people through {len(KILLS_AT)} kills; one call in {FAULTY} fails"
    report.publish("announcing", title, rows, PAGE)
    shutil.rmtree(folder)
    return good


async def announce(
    recipients: int,
    photo_pause: float,
    photos: Sequence[bytes],
    seed: int,
    folder: Path,
    settings: dict[str, str],
    memory: Memory,
) -> tuple[Outcome, str]:
    """Send one announcement, from `/broadcast` to its summary; returns the outcome and the bot's log."""
    admin = User(id=ADMIN_ID, is_bot=False, first_name="Admin", language_code="en")
    chance = random.Random(seed)
    sandbox = Sandbox(token=TOKEN, people=[admin])
    await sandbox.start()
    bot = BotProcess(sandbox.base_url, folder, SETTINGS | settings)
    async with ClientSession() as http:
        chats = Chats(http, sandbox.base_url)
        tasks = [asyncio.create_task(chats.follow())]
        try:
            await chats.ready.wait()
            bot.start()
            crowd = Crowd(http, sandbox.base_url, chats, photos, seed)
            patients = await crowd.gather(PATIENTS)
            await asyncio.to_thread(bot.stop)
            readers = _seat(sandbox, folder, recipients - PATIENTS)
            faulty = chance.sample(readers, len(readers) // FAULTY)
            sandbox.world.faults.faults.extend(
                Fault(kind=chance.choice(KINDS), method="sendMessage", chat_id=each) for each in faulty
            )
            bot.start()
            tasks.append(asyncio.create_task(memory.keep_measuring(bot)))
            tasks.append(asyncio.create_task(_keep_sending(crowd, patients, photo_pause)))
            began = time.monotonic()
            question = await _confirmed(Person(http, sandbox.base_url, ADMIN_ID, "Admin", "en"), recipients)
            everybody = [*readers, *(each.id for each in patients)]
            for share in KILLS_AT:
                while _received(sandbox, everybody).total() < share * recipients:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_SECONDS)
                bot.kill()
                bot.start()
            while not (lines := _summary(sandbox, question)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
            seconds = time.monotonic() - began
            tasks.pop().cancel()
            await chats.answered(chats.sent, 120)
            received = _received(sandbox, everybody)
            doubled = sum(times > 1 for times in received.values())
            return Outcome(recipients, len(received), doubled, seconds, lines, chats.sent), bot.log.read_text()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(bot.stop)
            await sandbox.stop()


def _seat(sandbox: Sandbox, folder: Path, people: int) -> list[int]:
    """People who have used the bot before, in the sandbox and in the bot's database."""
    readers = list(range(FIRST_ID, FIRST_ID + people))
    for each in readers:
        user = User(id=each, is_bot=False, first_name="Reader", language_code="en")
        # More people than may join the sandbox over HTTP.
        sandbox.world.people[each] = PrivateChat(user=user, started=True)
    now = "2026-01-01 00:00:00.000000"
    with closing(sqlite3.connect(folder / "bot.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO users (id, language, consented_at, announcements, created_at) VALUES (?, 'en', ?, 1, ?)",
            ((each, now, now) for each in readers),
        )
    return readers


async def _confirmed(admin: Person, recipients: int) -> int:
    """Write and confirm an announcement; returns the number of its progress message."""
    await admin.write("/broadcast")
    await admin.wait(lambda chat: _said(chat, "Send me the announcement"))
    await admin.write(NEWS)
    asked = await admin.wait(lambda chat: _said(chat, "Now the announcement in this language"))
    await admin.click(asked, "The same for everybody")
    question = await admin.wait(lambda chat: _said(chat, f"Recipients: {recipients}"))
    await admin.click(question, "Send it")
    return int(question["message_id"])


def _said(chat: dict[str, Any], part: str) -> Message | None:
    return next((each for each in chat["messages"] if part in words(each)), None)


def _received(sandbox: Sandbox, people: Sequence[int]) -> Counter[int]:
    """Chat -> how often it has the announcement."""
    chats = ((each, sandbox.world.people[each].messages.values()) for each in people)
    return Counter({each: times for each, said in chats if (times := sum(one.text == NEWS for one in said))})


def _summary(sandbox: Sandbox, question: int) -> list[str]:
    text = sandbox.world.people[ADMIN_ID].messages[question].text or ""
    return text.splitlines() if "is sent." in text else []


async def _keep_sending(crowd: Crowd, people: Sequence[Person], mean_pause: float) -> None:
    while True:
        await crowd.send(crowd.somebody(people))
        await asyncio.sleep(crowd.pause(mean_pause))
