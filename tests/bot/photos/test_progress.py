"""Many people at once, with a simulated clock: who sees their place, and when."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import EditMessageText, SendMessage, TelegramMethod
from aiogram.types import Chat, Message

from bot.photos.progress import Progress
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.i18n import load_i18n
from inference.analysis import Analysis, Quality, Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine, QueuePlace
from tests.bot import clock
from tests.bot.examples import incoming
from tests.bot.pools import IdlePool

WAY_SECONDS = 0.1


@dataclass
class Person:
    """The times of the events of one person, in seconds since everybody sent their photos."""

    photos: int
    heard_at: list[float] = field(default_factory=list)
    place_shown_at: float | None = None
    read_at: float = 0.0
    answered_at: float = 0.0


class SlowPool(IdlePool):
    """Analyses one photo after the other, and learns how long it takes."""

    def __init__(self, seconds: float, guess: float) -> None:
        self._seconds = seconds
        self._guess = guess
        self._reading = asyncio.Lock()

    def seconds(self, photos: int) -> float:
        return photos * self._guess

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        async with self._reading:
            await asyncio.sleep(self._seconds)
            self._guess += 0.1 * (self._seconds - self._guess)
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)


class Telegram(BaseSession):
    """Accepts the bot's messages."""

    def __init__(self, people: Sequence[Person]) -> None:
        super().__init__()
        self._people = people

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], **kwargs: object) -> Any:
        await asyncio.sleep(WAY_SECONDS)
        if not isinstance(method, SendMessage | EditMessageText):
            return True
        assert isinstance(method.chat_id, int)
        now, person = asyncio.get_running_loop().time(), self._people[method.chat_id]
        person.heard_at.append(now)
        if person.place_shown_at is None and "Photos in the queue before yours" in method.text:
            person.place_shown_at = now
        return Message(message_id=1, date=datetime.now(UTC), chat=Chat(id=method.chat_id, type="private"))

    def stream_content(self, *args: object, **kwargs: object) -> AsyncGenerator[bytes, None]:
        raise NotImplementedError

    async def close(self) -> None:
        pass


class Store:
    """Replaces the database, whose threads do not use the simulated clock."""

    def __init__(self) -> None:
        self.requests = self

    async def set_progress_message(self, request_ids: Sequence[int], message_id: int | None) -> None:
        pass


def burst(people: Sequence[Person], *, taking_in: float, reading: float, guess: float) -> Sequence[Person]:
    """The events of people who all send their photos at the same moment.

    Args:
        people: in the order in which the bot looks at what they have sent.
        taking_in: seconds until it has looked at everything.
        reading: seconds that one photo takes to be read.
        guess: how many seconds that is thought to take before any is read.
    """
    engine, rate_limiter = Engine(SlowPool(reading, guess)), RateLimiter()

    async def fetch() -> bytes:
        await asyncio.sleep(WAY_SECONDS)
        return b""

    async def serve(bot: Bot, number: int, person: Person) -> None:
        time = asyncio.get_running_loop().time
        await asyncio.sleep(taking_in * number / len(people))
        sent_at = datetime.now(UTC) - timedelta(seconds=time())
        requests = [replace(incoming(number, None, number).request, created_at=sent_at)] * person.photos
        with engine.queue(number, person.photos) as places:
            async with Progress(bot, Store(), rate_limiter, requests, places) as progress:  # type: ignore[arg-type]

                async def read(place: QueuePlace) -> None:
                    await place.read(fetch)
                    progress.advance()

                await asyncio.gather(*map(read, places))
                person.read_at = time()
                await rate_limiter.acquire(MessageKind.ANSWER, 1 if person.photos == 1 else person.photos + 1)
                await asyncio.sleep(WAY_SECONDS)
                person.answered_at = time()

    async def scene() -> None:
        async with Bot("1:token", session=Telegram(people)) as bot:
            await asyncio.gather(*(serve(bot, number, person) for number, person in enumerate(people)))

    i18n = load_i18n()
    with i18n.context(), i18n.use_locale("en"):
        clock.run(scene())
    return people


def crowd() -> list[Person]:
    return [Person(photos=1) for _ in range(180)] + [Person(photos=10) for _ in range(20)]


@pytest.mark.parametrize(
    "speed",
    [
        pytest.param({"taking_in": 0.5, "reading": 0.09, "guess": 0.03}, id="it is slower than it was"),
        pytest.param({"taking_in": 8, "reading": 0.09, "guess": 0.09}, id="much of the wait is over before"),
        pytest.param({"taking_in": 2, "reading": 0.04, "guess": 0.04}, id="answers wait to be sent"),
    ],
)
def test_whoever_waits_over_five_seconds_learns_their_place_before_the_answer(speed: dict[str, float]) -> None:
    people = burst(crowd(), **speed)
    assert [each for each in people if each.answered_at > 5 and each.place_shown_at is None] == []
    # Of 25 messages a second, answers take five while places are shown, which is the case from the first second on.
    assert max(each.place_shown_at or 0 for each in people) < len(people) / 20 + 1
    assert max(each.answered_at for each in people if each.photos == 1) < 17


def test_a_place_comes_late_where_the_reading_time_was_not_known_at_first() -> None:
    people = burst([Person(photos=1) for _ in range(20)], taking_in=0.1, reading=0.5, guess=0.01)
    assert people[-1].heard_at[0] < 1 < people[-1].place_shown_at < 2.5
    assert all(each.place_shown_at is not None and each.place_shown_at < 5 for each in people if each.answered_at > 5)


def test_one_chat_hears_of_progress_once_a_second_at_most_and_not_when_all_is_read() -> None:
    people = [Person(photos=1) for _ in range(20)] + [Person(photos=10)]
    for each in burst(people, taking_in=0.1, reading=0.5, guess=0.01):
        assert all(later - earlier > 0.99 for earlier, later in pairwise(each.heard_at))
        assert all(at < each.read_at + WAY_SECONDS for at in each.heard_at if at != each.place_shown_at)
