"""An answer that was sent is noted as sent, and no other message about it follows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.photos.recovery import release_unfinished, settle_interrupted
from bot.results import to_stored
from bot.samples import sample
from bot.sandbox.faults import Fault
from inference.analysis import Analysis, Quality, Risk
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine
from storage.records import Completion, Outcome
from tests.bot.examples import result_for
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, HASTY, Stage, open_stage
from tests.locks import write_lock

MOLE = result_for("nv", Risk.LOW)
ANSWER, SORRY = "mole (melanocytic nevus)", "I could not read this photo"


class MolePool(IdlePool):
    """Finds a mole in everything."""

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        quality = Quality(width=600, height=450, sharpness=9.0, brightness=0.5)
        return AnnotatedAnalysis(
            Analysis("nv", MOLE.probabilities, None, quality, None, risk=MOLE.risk), sample("mole")
        )


@pytest.fixture
async def moles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A stage where every photo is a mole. Its bot has short time limits and short pauses."""
    monkeypatch.setattr("bot.telegram.outages.AGAIN_SECONDS", 0.05)
    async with open_stage(tmp_path, Engine(MolePool()), HASTY) as stage:
        await stage.audience(EMMA)
        yield stage


async def all_closed(stage: Stage) -> None:
    async with asyncio.timeout(20):
        while await stage.database.requests.unfinished():
            pass


async def test_what_was_sent_is_noted_though_the_database_is_locked_when_it_closes(
    moles: Stage, tmp_path: Path
) -> None:
    moles.sandbox.world.faults.faults.append(Fault(kind="slow", method="sendPhoto", chat_id=EMMA, seconds=1.0))
    calls = moles.sandbox.world.calls
    [photo] = await moles.people.send_photos(EMMA, [sample("mole")], None)
    await moles.until(lambda: any(each.method == "sendPhoto" for each in calls))
    async with write_lock(tmp_path / "bot.db"):
        await moles.reply(EMMA, ANSWER)
        # Longer than a write waits for the lock.
        await asyncio.sleep(2.5)
        [open_still] = await moles.database.requests.unfinished()
        assert open_still.outcome is Outcome.SENDING
    await all_closed(moles)
    [kept], _ = await moles.database.requests.page(EMMA, 0, 5)
    assert (kept.outcome, kept.message_id) == (Outcome.ANSWERED, photo.message_id)
    assert kept.reply_file_id is not None
    assert (moles.deliveries(EMMA, ANSWER), moles.deliveries(EMMA, SORRY)) == (1, 0)


async def test_an_album_whose_words_do_not_get_through_is_not_sent_again(moles: Stage) -> None:
    world = moles.sandbox.world
    await moles.people.send_photos(EMMA, [sample("mole")] * 3, None)
    await moles.until(lambda: any(each.method == "sendMediaGroup" for each in world.calls))
    world.faults.faults.append(Fault(kind="drop", method="sendMessage", chat_id=EMMA, times=6))
    await moles.reply(EMMA, "Photo 3: ")
    await all_closed(moles)
    assert sum(each.method == "sendMediaGroup" for each in world.calls) == 1
    assert sum("Photo 3: " in (each.text or "") for each in moles.heard(EMMA)) == 1


async def test_an_answer_that_telegram_did_not_take_is_sent_later(moles: Stage) -> None:
    moles.sandbox.world.faults.faults.append(Fault(kind="500", method="sendPhoto", chat_id=EMMA, times=5))
    await moles.people.send_photos(EMMA, [sample("mole")], None)
    await moles.reply(EMMA, ANSWER)
    await all_closed(moles)
    assert (moles.deliveries(EMMA, ANSWER), moles.deliveries(EMMA, SORRY)) == (1, 0)


@pytest.mark.parametrize(("photos", "button"), [(1, "Show the answer"), (3, "My results")])
async def test_an_answer_that_a_kill_cut_short_is_offered_and_not_repeated(
    moles: Stage, photos: int, button: str
) -> None:
    database = moles.database
    # As a process leaves them that is killed at the moment of sending.
    ids = []
    for number in range(photos):
        request, _ = await database.requests.record(EMMA, EMMA, 9_000 + number, "album", "file", "unique", "photo")
        ids.append(request.id)
    await database.requests.claim(ids)
    await database.requests.mark_sending([Completion(each, Outcome.ANSWERED, to_stored(MOLE, None)) for each in ids])
    leftover = await release_unfinished(database)
    assert ([each.id for each in leftover.interrupted], leftover.unread) == (ids, [])
    await settle_interrupted(leftover.interrupted, moles.application.photo_service)
    offer = await moles.reply(EMMA, "I was restarted just as I answered")
    assert moles.deliveries(EMMA, ANSWER) == 0
    moles.press(offer, button)
    await moles.reply(EMMA, ANSWER, after=offer.message_id)
    assert await database.requests.unfinished() == []


async def test_an_answer_can_be_seen_again_before_it_is_noted_as_sent(moles: Stage) -> None:
    requests = moles.database.requests
    request, _ = await requests.record(EMMA, EMMA, 9_000, None, "file", "unique", "photo")
    await requests.claim([request.id])
    await requests.mark_sending([Completion(request.id, Outcome.ANSWERED, to_stored(MOLE, None))])
    listed = await moles.say(EMMA, "/history", "Your results")
    moles.press(listed, "1")
    await moles.reply(EMMA, ANSWER, after=listed.message_id)


async def test_an_apology_that_a_kill_cut_short_is_no_answer(moles: Stage) -> None:
    requests = moles.database.requests
    request, _ = await requests.record(EMMA, EMMA, 9_000, None, "file", "unique", "photo")
    await requests.claim([request.id])
    await requests.mark_sending([Completion(request.id, Outcome.FAILED, {"refusal": "failed"})])
    leftover = await release_unfinished(moles.database)
    assert ([each.id for each in leftover.unread], leftover.interrupted) == ([request.id], [])
    assert await requests.claim([request.id])
