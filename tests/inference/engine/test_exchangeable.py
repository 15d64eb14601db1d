"""Another pool serves without a stop: nothing is lost, and the old one ends when it is done."""

import asyncio

import pytest

from inference.analysis import Analysis, Quality, Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnalysisFailed, ServedModel
from inference.engine.exchangeable import ExchangeablePool
from inference.engine.tasks import AnnotatedAnalysis, Explanation

QUALITY = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)


class NamedPool:
    """Answers under its own name once it may; notes what happens to it."""

    size = 1

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name = name
        self.models = (ServedModel("classifier", name, "1", {}, "none"),)
        self.may_answer = asyncio.Event()
        self.started = asyncio.Event()
        self.stopped = False
        self._fails = fails

    def seconds(self, photos: int) -> float:
        return float(photos)

    async def start(self) -> None:
        if self._fails:
            raise AnalysisFailed("no memory")
        self.started.set()

    async def stop(self) -> None:
        self.stopped = True

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        await self.may_answer.wait()
        assert not self.stopped
        analysis = Analysis(None, {}, None, QUALITY, Refusal.BLURRED, risk=None, models={"classifier": self.name})
        return AnnotatedAnalysis(analysis, None)

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        raise AnalysisFailed("not needed here")


async def test_photos_under_way_are_answered_by_the_old_pool_and_new_ones_by_the_new() -> None:
    old, new = NamedPool("old"), NamedPool("new")
    pool = ExchangeablePool(old)
    await pool.start()
    early = asyncio.ensure_future(pool.read(b"", CaptionOptions()))
    await asyncio.sleep(0)
    exchange = asyncio.ensure_future(pool.exchange(new))
    new.may_answer.set()
    await new.started.wait()
    await asyncio.sleep(0)
    late = await pool.read(b"", CaptionOptions())
    assert late.analysis.models == {"classifier": "new"}
    assert not early.done()
    assert not exchange.done()
    old.may_answer.set()
    assert (await early).analysis.models == {"classifier": "old"}
    await exchange
    assert old.stopped and not new.stopped


async def test_the_old_pool_goes_on_where_the_new_one_does_not_start() -> None:
    old = NamedPool("old")
    old.may_answer.set()
    pool = ExchangeablePool(old)
    with pytest.raises(AnalysisFailed, match="no memory"):
        await pool.exchange(NamedPool("new", fails=True))
    assert pool.models == old.models and not old.stopped
    assert (await pool.read(b"", CaptionOptions())).analysis.models == {"classifier": "old"}


async def test_two_exchanges_at_once_happen_one_after_the_other() -> None:
    pools = [NamedPool(str(number)) for number in range(3)]
    pool = ExchangeablePool(pools[0])
    await asyncio.gather(*(pool.exchange(each) for each in pools[1:]))
    assert [each.stopped for each in pools] == [True, True, False]
    assert pool.models == pools[2].models
