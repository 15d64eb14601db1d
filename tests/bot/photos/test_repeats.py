"""The same photo sent again is recognised and says so; a picture states what its answer says by now."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiogram.types import Message

from bot.results import DRAWN
from bot.samples import sample
from bot.sandbox.faults import Fault
from bot.ui.callbacks import HistoryEntry
from inference.analysis import Analysis, Quality, Risk
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine
from inference.photo import decode
from inference.pipeline.fingerprint import fingerprint
from storage.records import Request
from tests.bot.moles.following import tap
from tests.bot.photos.test_outbox import ANSWER, MOLE, all_closed
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, IVAN, Stage, open_stage

AGAIN = {EMMA: "You have sent this very photo before", IVAN: "Именно это фото вы уже присылали"}


class StatingPool(IdlePool):
    """Finds a mole in everything, and notes which risk the picture was to state."""

    def __init__(self) -> None:
        self.stated: list[Risk] = []

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        self.stated.append(options.least)
        quality = Quality(width=600, height=450, sharpness=9.0, brightness=0.5)
        photo = decode(data)
        analysis = Analysis("nv", MOLE.probabilities, None, quality, None, risk=MOLE.risk)
        return AnnotatedAnalysis(replace(analysis, fingerprint=fingerprint(photo)), sample("mole"))


@pytest.fixture
def pool() -> StatingPool:
    return StatingPool()


@pytest.fixture
async def stage(tmp_path: Path, pool: StatingPool) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, Engine(pool)) as stage:
        await stage.audience(EMMA, IVAN)
        yield stage


async def answered(stage: Stage, user: int, name: str) -> Message:
    """The answer to a photo, once its request is closed."""
    [sent] = await stage.people.send_photos(user, [sample(name)], None)
    answer = await stage.until(
        lambda: next((each for each in stage.heard(user) if each.photo and each.message_id > sent.message_id), None)
    )
    await all_closed(stage)
    return answer


@pytest.mark.parametrize("user", [EMMA, IVAN])
async def test_the_same_photo_sent_again_says_so_with_its_day(stage: Stage, user: int) -> None:
    first = await answered(stage, user, "mole")
    other = await answered(stage, user, "uneven")
    again = await answered(stage, user, "mole")
    assert AGAIN[user] not in f"{first.caption}{other.caption}"
    assert AGAIN[user] in (again.caption or "") and re.search(r"20\d\d", again.caption or "")
    assert [each.type for each in again.caption_entities or () if each.type == "date_time"] == ["date_time"]
    listed = await stage.database.requests.last_answered(user)
    assert listed is not None and listed.result is not None and "sent_before" in listed.result


async def test_nobody_hears_of_the_photos_of_others(stage: Stage) -> None:
    await answered(stage, EMMA, "mole")
    assert AGAIN[IVAN] not in ((await answered(stage, IVAN, "mole")).caption or "")


async def test_an_album_names_what_came_before(stage: Stage) -> None:
    await answered(stage, EMMA, "mole")
    await stage.people.send_photos(EMMA, [sample("uneven"), sample("mole")], None)
    said = await stage.until(
        lambda: next((each.text for each in stage.heard(EMMA) if each.text and "Photo 2:" in each.text), None)
    )
    assert said.count(AGAIN[EMMA]) == 1
    await all_closed(stage)


async def test_what_a_person_says_later_is_stated_by_the_picture_too(stage: Stage, pool: StatingPool) -> None:
    first = await answered(stage, EMMA, "mole")
    reply = await stage.say(EMMA, "it bleeds", "You say: it bleeds")
    assert reply.photo and pool.stated == [Risk.LOW, Risk.RAISED]
    request = await drawn_anew(stage)
    assert request.reply_file_id == reply.photo[-1].file_id
    assert first.photo and request.reply_file_id != first.photo[-1].file_id
    # It is drawn once.
    await tap(stage, EMMA, HistoryEntry(request_id=request.id).pack())
    await stage.reply(EMMA, ANSWER, after=reply.message_id)
    assert pool.stated == [Risk.LOW, Risk.RAISED]


async def test_the_answer_after_the_questions_has_a_picture_that_states_it(stage: Stage, pool: StatingPool) -> None:
    answer = await answered(stage, EMMA, "mole")
    now = answer
    for label, then in (
        ("Six questions for a surer answer", "How old"),
        ("Skip ›", "Where on the body"),
        ("Skip ›", "grown or changed"),
        ("Skip ›", "Does it bleed"),
        ("Yes", "itch or hurt"),
        ("Skip ›", "feel it"),
        ("Skip ›", ANSWER),
    ):
        stage.press(now, label)
        now = await stage.until(partial(_saying, stage, answer, then))
    assert pool.stated == [Risk.LOW, Risk.RAISED]
    assert now.photo and answer.photo and now.photo[-1].file_id != answer.photo[-1].file_id
    assert (await drawn_anew(stage)).reply_file_id == now.photo[-1].file_id


async def test_a_photo_that_is_gone_leaves_the_old_picture(stage: Stage, pool: StatingPool) -> None:
    await answered(stage, EMMA, "mole")
    request = await stage.database.requests.last_answered(EMMA)
    assert request is not None
    stage.sandbox.world.faults.faults.append(Fault(kind="file_lost", method="download", times=1000))
    await stage.say(EMMA, "it bleeds", "You say: it bleeds")
    assert pool.stated == [Risk.LOW]


async def drawn_anew(stage: Stage) -> Request:
    """The last request, once it is noted that its picture states another risk."""
    async with asyncio.timeout(20):
        while True:
            request = await stage.database.requests.last_answered(EMMA)
            if request is not None and (request.result or {}).get(DRAWN) == Risk.RAISED:
                return request


def _saying(stage: Stage, message: Message, part: str) -> Message | None:
    now = stage.sandbox.world.people[EMMA].messages[message.message_id]
    return now if part in (now.caption or "") else None
