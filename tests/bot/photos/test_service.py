"""Many people at once: who is served when, which messages they get meanwhile, and who is turned away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.load.chats import is_progress
from bot.operator.metrics import Metrics
from bot.photos.agreement import Agreement
from bot.photos.albums import Incoming
from bot.photos.service import PhotoService
from bot.samples import sample
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.flood import FloodLimits
from bot.sandbox.people import People
from bot.sandbox.state import dump
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot, connect
from bot.telegram.rate_limit import MESSAGES_PER_SECOND, MessageKind, RateLimiter
from bot.ui.i18n import load_i18n
from inference.analysis import Analysis, Quality, Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine
from storage.database import Database
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, HASTY, IVAN, Stage, open_stage

REFUSED = "This photo is blurred"


class PoolOnCommand(IdlePool):
    """Answers nothing before `go`, then everything at once."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.seconds_a_photo = 3.0

    def seconds(self, photos: int) -> float:
        return photos * self.seconds_a_photo

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        await self.go.wait()
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)


@asynccontextmanager
async def stage_on_command(folder: Path, **limits: int) -> AsyncIterator[tuple[Stage, PoolOnCommand]]:
    pool = PoolOnCommand()
    async with open_stage(folder, Engine(pool, **limits)) as stage:
        yield stage, pool


async def test_an_album_of_ten_holds_nobody_up_and_whoever_waits_learns_their_place(tmp_path: Path) -> None:
    others = range(2001, 2025)
    async with stage_on_command(tmp_path) as (stage, pool):
        await stage.audience(EMMA, *others)
        await stage.people.send_photos(EMMA, [sample("mole")] * 10, None)
        await stage.reply(EMMA, "I am looking at your photos: 0 of 10")
        for user in others:
            await stage.people.send_photos(user, [sample("mole")], None)
        places = [await stage.reply(user, "Photos in the queue before yours: ") for user in others]
        shown = [int((each.text or "").partition("yours: ")[2].partition(".")[0]) for each in places]
        # One of the album is being read. Its others, fetched or not, come after those who have had nothing yet.
        assert sorted(shown) == [1 + number for number in range(len(others))]
        assert "in 40 seconds" in (places[shown.index(12)].text or "")
        pool.go.set()
        answers = [await stage.reply(user, REFUSED) for user in others]
        album = await stage.reply(EMMA, f"Photo 10: {REFUSED}")
        assert max(each.message_id for each in answers) < album.message_id
        everybody = (EMMA, *others)
        await stage.until(lambda: not any(is_progress(dump(each)) for user in everybody for each in stage.heard(user)))
        assert all(stage.deliveries(user, REFUSED) == 1 for user in everybody)


async def test_a_place_is_shown_once_the_reading_time_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody waits that long in here: what is shown is what is to come.
    monkeypatch.setattr("bot.photos.progress.LONG_WAIT_SECONDS", 60.0)
    monkeypatch.setattr("bot.photos.progress.PLACE_SECONDS", 60.0)
    others = range(2001, 2009)
    async with stage_on_command(tmp_path) as (stage, pool):
        pool.seconds_a_photo = 0.0
        await stage.audience(EMMA, IVAN, *others)
        for user in others:
            await stage.people.send_photos(user, [sample("mole")], None)
        looking = await stage.reply(others[-1], "I am looking at your photo…")
        # Where the rate limiter's queue is full of progress, a photo that comes now has had no word at all.
        crowd = [
            asyncio.create_task(stage.application.rate_limiter.acquire(MessageKind.PROGRESS))
            for _ in range(40 * MESSAGES_PER_SECOND)
        ]
        await stage.people.send_photos(EMMA, [sample("mole")], None)
        calls = stage.sandbox.world.calls
        await stage.until(lambda: [each for each in calls if (each.method, each.chat_id) == ("sendChatAction", EMMA)])
        pool.seconds_a_photo = 20.0
        shown = await stage.reply(others[-1], "Photos in the queue before yours: ")
        assert shown.message_id == looking.message_id
        await stage.reply(EMMA, "Photos in the queue before yours: ")
        pool.go.set()
        for each in crowd:
            each.cancel()
        await stage.reply(EMMA, REFUSED)


async def test_a_full_queue_and_a_full_share_are_explained_kindly_and_pass(tmp_path: Path) -> None:
    async with stage_on_command(tmp_path, queue_limit=11, owner_limit=10) as (stage, pool):
        await stage.audience(EMMA, IVAN)
        await stage.people.send_photos(EMMA, [sample("mole")] * 10, None)
        await stage.reply(EMMA, "I am looking at your photos")
        await stage.people.send_photos(EMMA, [sample("mole")], None)
        await stage.reply(EMMA, "That is more photos than I can take at once")
        await stage.people.send_photos(IVAN, [sample("mole")] * 2, None)
        busy = await stage.reply(IVAN, "Сейчас слишком много людей присылают фото")
        assert "ещё раз через 1 минуту" in (busy.text or "")
        pool.go.set()
        await stage.reply(EMMA, f"Photo 10: {REFUSED}")
        await stage.people.send_photos(IVAN, [sample("mole")] * 2, None)
        await stage.reply(IVAN, "Фото 2: ", after=busy.message_id)


async def test_answers_and_a_broadcast_together_are_no_more_than_telegram_takes(tmp_path: Path) -> None:
    senders = range(2001, 2041)
    async with stage_on_command(tmp_path) as (stage, pool):
        pool.go.set()
        await stage.audience(*range(2001, 2081))
        question = await stage.draft()
        stage.sandbox.world.flood.limits = FloodLimits(overall=30)
        stage.press(question, "📣 Send it")
        for user in senders:
            await stage.people.send_photos(user, [sample("mole")], None)
        for user in senders:
            await stage.reply(user, REFUSED)
        summary = await stage.until(lambda: stage.finished(question))
        assert (summary.text or "").endswith("Received: 80 of 80")
        assert [each for each in stage.sandbox.world.calls if each.error_code == 429] == []


async def test_whoever_waits_for_a_photo_can_use_the_chat_meanwhile(tmp_path: Path) -> None:
    async with stage_on_command(tmp_path) as (stage, pool):
        await stage.audience(EMMA)
        await stage.people.send_photos(EMMA, [sample("mole")], None)
        await stage.reply(EMMA, "I am looking at your photo")
        await stage.say(EMMA, "/help", "What the answer means")
        assert stage.deliveries(EMMA, REFUSED) == 0
        pool.go.set()
        await stage.reply(EMMA, REFUSED)


async def test_what_cannot_be_delivered_is_tried_again_later(
    sandbox: Sandbox, database: Database, bot: RetryingBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.outages.AGAIN_SECONDS", 0.01)
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    requests = await database.requests.unfinished()
    sandbox.world.faults.faults.append(Fault(kind="drop", method="sendMessage", times=5))
    supervisor = Supervisor()
    hasty = connect(sandbox.token, bot.session, HASTY)
    photo_service = PhotoService(
        hasty,
        database,
        Engine(IdlePool()),
        load_i18n(),
        supervisor,
        RateLimiter(),
        Metrics(),
        Agreement(hasty, None),
    )
    await photo_service.receive([Incoming(request) for request in requests])
    events = sandbox.world.events

    def replies() -> int:
        return sum(each.reply_to_message is not None for each in sandbox.world.people[EMMA].messages.values())

    async with asyncio.timeout(20):
        while not replies():
            await events.beyond(events.version, 20)
    await supervisor.stop()
    assert replies() == 1
