"""The engine with slow downloads and slow photos of some people, with a simulated clock."""

import asyncio

import pytest

from inference.analysis import Analysis, Quality, Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import FETCH_SECONDS, AnnotatedAnalysis, Engine
from tests.bot import clock
from tests.bot.pools import IdlePool

COSTLY_SECONDS = 30.0


class OnePool(IdlePool):
    """Analyses one photo at a time. The photo's bytes say how many seconds it takes."""

    def __init__(self) -> None:
        self._reading = asyncio.Lock()

    def seconds(self, photos: int) -> float:
        return photos * 0.1

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        assert not self._reading.locked(), "more was asked of the pool than it does at a time"
        async with self._reading:
            await asyncio.sleep(float(data))
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)


async def send(engine: Engine, owner: str, photos: int, reading: float, fetching: float = 0.0) -> float:
    """Have photos read; gives the moment when all are."""

    async def fetch() -> bytes:
        await asyncio.sleep(fetching)
        return str(reading).encode()

    with engine.queue(owner, photos) as places:
        await asyncio.gather(*(place.read(fetch) for place in places))
    return asyncio.get_running_loop().time()


def test_six_costly_photos_of_one_person_cost_another_the_time_of_one() -> None:
    async def scene() -> float:
        engine = Engine(OnePool())
        greedy = asyncio.create_task(send(engine, "greedy", 6, COSTLY_SECONDS))
        await asyncio.sleep(1)
        answered = await send(engine, "other", 1, 0.1)
        await greedy
        return answered

    assert clock.run(scene()) == pytest.approx(COSTLY_SECONDS + 0.1)


def test_downloads_that_drip_hold_others_up_for_seconds_at_most() -> None:
    async def scene() -> list[float]:
        engine = Engine(OnePool())
        drips = [asyncio.create_task(send(engine, f"drip{number}", 5, 0.1, 60.0)) for number in range(3)]
        await asyncio.sleep(0.1)
        answered = [await send(engine, f"other{number}", 1, 0.1) for number in range(5)]
        await asyncio.gather(*drips)
        return answered

    assert clock.run(scene())[-1] < 3 * FETCH_SECONDS + 1


def test_the_told_time_grows_while_a_costly_photo_is_read() -> None:
    async def scene() -> list[float]:
        engine = Engine(OnePool())
        greedy = asyncio.create_task(send(engine, "greedy", 2, COSTLY_SECONDS))
        told = []
        await asyncio.sleep(0)
        with engine.queue("other") as [place]:
            for _ in range(4):
                await asyncio.sleep(5)
                told.append(place.seconds)
        greedy.cancel()
        return told

    assert clock.run(scene()) == pytest.approx([5.1, 10.1, 15.1, 20.1])
