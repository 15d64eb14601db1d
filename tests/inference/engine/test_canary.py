"""A model on trial answers a share of the owners, always the same ones, and fails nobody."""

import asyncio

from inference.drawing.words import CaptionOptions
from inference.engine.canary import Canary
from inference.engine.engine import AnalysisFailed, Engine
from inference.engine.tasks import AnnotatedAnalysis
from tests.inference.engine.test_exchangeable import NamedPool

PEOPLE = range(20_000)


def test_the_share_is_met_and_stays_with_the_same_people() -> None:
    canary = Canary(NamedPool("new"), "new-2", 0.1)
    chosen = {each for each in PEOPLE if canary.answers(each)}
    # Three standard deviations of a binomial distribution.
    assert abs(len(chosen) - 2000) < 3 * (20_000 * 0.1 * 0.9) ** 0.5
    assert chosen == {each for each in PEOPLE if Canary(NamedPool("new"), "new-2", 0.1).answers(each)}
    wider = Canary(NamedPool("new"), "new-2", 0.2)
    assert all(wider.answers(each) for each in chosen)
    other = Canary(NamedPool("new"), "new-3", 0.1)
    assert {each for each in PEOPLE if other.answers(each)} != chosen
    assert not any(Canary(NamedPool("new"), "new-2", 0.0).answers(each) for each in PEOPLE)


class StoppedPool(NamedPool):
    """Loses its photos where it is stopped."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked = asyncio.Event()
        self.ended = asyncio.Event()

    async def stop(self) -> None:
        self.ended.set()

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        self.asked.set()
        await self.ended.wait()
        raise AnalysisFailed("the engine is not running")


async def photo() -> bytes:
    return b""


async def read(engine: Engine, owner: int) -> str:
    """The model that answers a photo of somebody."""
    with engine.queue(owner) as [place]:
        reading = await place.read(photo, CaptionOptions())
    return reading.analysis.models["classifier"]


async def test_a_canary_that_fails_or_ends_with_photos_under_way_loses_none_of_them() -> None:
    served = NamedPool("served")
    served.may_answer.set()
    engine = Engine(served)
    await engine.start()
    canary = StoppedPool("new")
    engine.try_on_some(Canary(canary, "new-2", 1.0))
    under_way = asyncio.ensure_future(read(engine, 1))
    await canary.asked.wait()
    engine.try_on_some(None)
    await canary.stop()
    assert await under_way == "served"
    assert await read(engine, 2) == "served"
    await engine.stop()


async def test_who_is_chosen_is_answered_by_the_canary_and_all_others_by_the_served_one() -> None:
    served, new = NamedPool("served"), NamedPool("new")
    for each in (served, new):
        each.may_answer.set()
    engine = Engine(served)
    canary = Canary(new, "new-2", 0.5)
    engine.try_on_some(canary)
    for owner in range(10):
        assert await read(engine, owner) == ("new" if canary.answers(owner) else "served")
