"""Thousands of files from one person: others are answered as ever, and Telegram refuses nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.flood import FloodLimits
from bot.sandbox.state import Call
from bot.telegram.rate_limit import PACE
from inference.engine.engine import Engine
from inference.photo import PhotoError, PhotoFault
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, IVAN, Stage, open_stage

FILES = 400


class RefusingPool(IdlePool):
    """Reads nothing, but quickly."""

    def seconds(self, photos: int) -> float:
        return photos * 0.01

    async def read(self, data: bytes, language: str) -> object:  # type: ignore[override]
        await asyncio.sleep(0.01)
        raise PhotoError(PhotoFault.NOT_AN_IMAGE)


def calls_to(stage: Stage, user: int) -> list[Call]:
    return [each for each in stage.sandbox.world.calls if each.chat_id == user]


def busiest_second(calls: list[Call]) -> int:
    times = [each.at for each in calls]
    return max((sum(begin <= at < begin + 1 for at in times) for begin in times), default=0)


@pytest.mark.alone  # for the sake of the second
@pytest.mark.parametrize("consented", [True, False])
async def test_a_flood_of_small_files_holds_up_nobody(tmp_path: Path, consented: bool) -> None:
    async with open_stage(tmp_path, Engine(RefusingPool()), pace=PACE) as stage:
        await stage.audience(IVAN, *([EMMA] if consented else []))
        stage.sandbox.world.flood.limits = FloodLimits(overall=30)
        for number in range(FILES):
            stage.people.send_document(EMMA, b"x", f"{number}.jpg", "image/jpeg", None)
        loop = asyncio.get_running_loop()
        took = []
        for _ in range(PACE.burst):
            began = loop.time()
            await stage.say(IVAN, "/help", "Хорошее фото")
            took.append(loop.time() - began)
        assert median(took) < 1
        await stage.until(lambda: stage.sandbox.world.updates.pending == 0)
        await stage.reply(EMMA, "That is more photos than I can take at once")
        heard = stage.heard(EMMA)
        assert sum("more photos than I can take" in (each.text or "") for each in heard) <= 2
        if not consented:
            assert sum("I have not looked at this photo yet" in (each.text or "") for each in heard) == 1
        assert [each for each in stage.sandbox.world.calls if each.error_code == 429] == []
        sent = [each for each in calls_to(stage, EMMA) if each.method.startswith(("send", "edit"))]
        # Times are of when calls arrive: what left a moment apart may come together.
        assert busiest_second([each for each in sent if each.method != "sendChatAction"]) <= PACE.burst + 3
        assert len(await stage.database.statistics.since(datetime.now(UTC) - timedelta(days=1))) < FILES


async def test_silence_towards_one_chat_is_kept_and_costs_no_other(stage: Stage) -> None:
    await stage.audience(EMMA, IVAN)
    stage.sandbox.world.faults.faults.append(Fault(kind="429", method="sendMessage", chat_id=EMMA, retry_after=600))
    stage.people.write(EMMA, "/help")
    await stage.until(lambda: [each for each in calls_to(stage, EMMA) if each.error_code == 429])
    before = len(calls_to(stage, EMMA))
    stage.people.write(EMMA, "/privacy")
    await stage.say(IVAN, "/help", "Хорошее фото")
    assert len(calls_to(stage, EMMA)) == before
