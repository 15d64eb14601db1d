"""The people: they join, agree, send photos, and some keep asking for /help and /history."""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from aiohttp import ClientSession

from benchmarks.load.chats import Chats, Sent
from bot.samples import sample
from bot.sandbox.client import Person

DRAWN = ("mole", "uneven", "mole", "uneven", "skin")
FIRST_ID = 600_001
JOINING_AT_ONCE = 10
ASKING_PAUSE_SECONDS = 1.0
UPLOADS_AT_ONCE = 20
ANSWER_TIMEOUT_SECONDS = 60.0


def pictures(folder: Path | None) -> list[bytes]:
    """JPEG files of a folder, or drawn ones. Raises FileNotFoundError if the folder has none."""
    if folder is None:
        return [sample(name) for name in DRAWN]
    found = sorted(folder.rglob("*.jpg"))[:200]
    if not found:
        raise FileNotFoundError(f"no .jpg in {folder}")
    return [each.read_bytes() for each in found]


class Crowd:
    """People of the sandbox who have agreed to the terms."""

    def __init__(
        self,
        http: ClientSession,
        api_url: str,
        chats: Chats,
        photos: Sequence[bytes],
        seed: int,
        first_id: int = FIRST_ID,
    ) -> None:
        self._http = http
        self._api_url = api_url
        self._chats = chats
        self._photos = photos
        self._random = random.Random(seed)
        self._next_id = first_id
        # Telegram has separate servers for uploads and for bots. The sandbox is both, so the bot's messages would wait
        # until it has received two hundred photos.
        self._uploading = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self.asked: dict[str, list[float]] = {"/help": [], "/history": []}
        self.unanswered = 0

    async def gather(self, count: int) -> list[Person]:
        """Create this many new people."""
        people = []
        for _ in range(count):
            language = "ru" if self._next_id % 4 == 0 else "en"
            people.append(Person(self._http, self._api_url, self._next_id, "Somebody", language))
            self._next_id += 1
        gate = asyncio.Semaphore(JOINING_AT_ONCE)

        async def agree(person: Person) -> None:
            async with gate:
                await person.join()
                greeting = self._chats.expect(person.id, lambda message: "reply_markup" in message)
                await person.write("/start")
                welcome = await greeting
                # First the welcome loses its button. The message after that must not count as the next answer.
                agreed = self._chats.expect(person.id, lambda message: message["message_id"] > welcome["message_id"])
                await person.click(welcome, 0)
                await agreed

        await asyncio.gather(*map(agree, people))
        return people

    async def send(self, person: Person, photos: int = 1) -> Sent:
        """Let somebody send a photo or an album. Its time starts when the sandbox has all of it."""
        pictures = self._random.choices(self._photos, k=photos)
        async with self._uploading:
            messages = await person.send_photos(*pictures)
        return self._chats.note(person.id, messages, time.monotonic())

    async def keep_asking(self, person: Person) -> None:
        """Ask for /help and /history in turn until cancelled, and note the time of each answer."""
        while True:
            for command, took in self.asked.items():
                try:
                    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                        took.append(await self.ask(person, command))
                except TimeoutError:
                    self.unanswered += 1
                    print(f"{time.strftime('%H:%M:%S')} {command} got no answer within a minute", file=sys.stderr)
                await asyncio.sleep(ASKING_PAUSE_SECONDS)

    async def ask(self, person: Person, command: str) -> float:
        """Write a command and wait for the answer; returns the seconds between both."""
        answer = self._chats.expect(person.id, lambda message: "reply_to_message" not in message)
        asked = await person.write(command)
        return self._chats.seconds_between(person.id, asked, await answer)

    def album_size(self) -> int:
        """A random size of an album."""
        return self._random.randint(2, 10)

    def pause(self, mean: float) -> float:
        """Random seconds until the next photo, exponentially distributed."""
        return self._random.expovariate(1 / mean)

    def chance(self, probability: float) -> bool:
        """Whether a random event happens."""
        return self._random.random() < probability

    def somebody(self, people: Sequence[Person]) -> Person:
        """A random one of them."""
        return self._random.choice(people)
