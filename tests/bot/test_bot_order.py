"""Who is served when: albums, limits, stops, and the tasks in the background."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiogram.types import Chat, Message, PhotoSize, Update
from aiogram.types import User as TelegramUser
from cryptography.fernet import Fernet

from bot.middlewares.in_flight import InFlight
from bot.middlewares.throttling import REFILL_SECONDS, Throttling
from bot.operator.retention import erase_expired, keep_erasing
from bot.photos.albums import Albums, Incoming
from bot.supervisor import Supervisor
from storage.database import Database
from storage.records import Outcome, Received, Request


def incoming(message_id: int, group: str | None, chat_id: int = 1) -> Incoming:
    return Incoming(
        Request(
            id=message_id,
            user_id=chat_id,
            chat_id=chat_id,
            message_id=message_id,
            media_group_id=group,
            file_id="f",
            file_unique_id="u",
            kind="photo",
            outcome=Outcome.RECEIVED,
            created_at=datetime.now(UTC),
            completed_at=None,
            progress_message_id=None,
            reply_file_id=None,
            result=None,
            explanation_asked_at=None,
        )
    )


async def test_an_album_goes_to_whoever_brings_its_first_photo() -> None:
    albums = Albums(quiet_seconds=0.05)
    photos = [incoming(number, "a") for number in (3, 1, 2)]
    gathered = await asyncio.gather(*(albums.gather(each) for each in photos))
    assert [[each.request.id for each in group] for group in gathered] == [[1, 2, 3], [], []]


async def test_albums_of_two_people_and_single_photos_stay_apart() -> None:
    albums = Albums(quiet_seconds=0.05)
    single, mine, yours = incoming(1, None), incoming(2, "a", chat_id=1), incoming(3, "a", chat_id=2)
    assert await asyncio.gather(*map(albums.gather, (single, mine, yours))) == [[single], [mine], [yours]]


async def test_an_album_of_ten_does_not_wait() -> None:
    albums = Albums(quiet_seconds=60)
    async with asyncio.timeout(5):
        first = asyncio.create_task(albums.gather(incoming(0, "a")))
        await asyncio.sleep(0)
        others = [incoming(number, "a") for number in range(1, 10)]
        # Nine more arrive while the first one's quiet minute runs: the wait must not last it out.
        await asyncio.gather(*map(albums.gather, others))
        assert len(await first) == 10


def update(text: str | None = "hello") -> Update:
    photo = None if text else [PhotoSize(file_id="f", file_unique_id="u", width=1, height=1)]
    sender = TelegramUser(id=1, is_bot=False, first_name="x")
    message = Message(
        message_id=1, date=datetime.now(UTC), chat=Chat(id=1, type="private"), from_user=sender, text=text, photo=photo
    )
    return Update(update_id=1, message=message)


async def test_a_flood_of_messages_is_answered_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now, passed, warnings = 0.0, 0, 0

    async def handler(event: object, data: object) -> None:
        nonlocal passed
        passed += 1

    async def warn(event: object) -> None:
        nonlocal warnings
        warnings += 1

    monkeypatch.setattr("bot.middlewares.throttling._warn", warn)
    throttling = Throttling(burst=30, clock=lambda: now)

    async def send(times: int, text: str | None = "hello") -> None:
        for _ in range(times):
            event = update(text)
            assert event.message is not None
            await throttling(handler, event, {"event_from_user": event.message.from_user})

    await send(40)
    assert (passed, warnings) == (30, 1)
    await send(5, None)
    assert passed == 35, "photos have a limit of their own"
    now = REFILL_SECONDS / 10
    await send(5)
    assert (passed, warnings) == (38, 2)


async def test_the_supervisor_logs_failures_and_ends_what_still_runs(caplog: pytest.LogCaptureFixture) -> None:
    supervisor, ended = Supervisor(), asyncio.Event()

    async def fail() -> None:
        raise ValueError("broken")

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with caplog.at_level(logging.ERROR):
        supervisor.start(fail(), "failing")
        supervisor.start(last(), "lasting")
        await asyncio.sleep(0)
        await supervisor.stop()
    assert ended.is_set()
    assert "task 'failing' failed" in caplog.text
    assert "lasting" not in caplog.text


async def test_what_is_seen_through_ends_well_though_its_caller_and_the_supervisor_are_stopped() -> None:
    supervisor, steps = Supervisor(), []

    async def send_and_close() -> None:
        steps.append("send")
        await asyncio.sleep(0.05)
        steps.append("close")

    caller = asyncio.create_task(supervisor.run_to_completion(send_and_close()))
    await asyncio.sleep(0.01)
    caller.cancel()
    await supervisor.stop()
    assert caller.cancelled() and steps == ["send", "close"]


async def test_a_stop_waits_for_updates_under_way() -> None:
    in_flight, release = InFlight(), asyncio.Event()

    async def handler(event: object, data: object) -> str:
        await release.wait()
        return "done"

    handling = asyncio.create_task(in_flight(handler, update(), {}))
    asyncio.get_running_loop().call_later(0.05, release.set)
    await asyncio.sleep(0)
    assert await in_flight.drain(5)
    assert await handling == "done"
    assert await in_flight.drain(0)


async def test_a_stop_does_not_wait_for_ever() -> None:
    in_flight = InFlight()

    async def handler(event: object, data: object) -> None:
        await asyncio.Event().wait()

    handling = asyncio.create_task(in_flight(handler, update(), {}))
    await asyncio.sleep(0)
    assert not await in_flight.drain(0.01)
    assert handling.cancelled()


async def test_requests_past_their_retention_time_are_erased_round_after_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operator.retention.INTERVAL", timedelta(milliseconds=1))
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db", Fernet.generate_key())
    request, _ = await database.requests.record(1, 1, 1, None, "f", "u", "photo")
    await erase_expired(database, days=1)
    assert await database.requests.get_owned(request.id, 1) is not None
    supervisor = Supervisor()
    supervisor.start(keep_erasing(database, days=0), "retention")
    async with asyncio.timeout(20):
        while await database.requests.unfinished():
            pass
        # Not `record`, which reads what it wrote: by then it may be erased.
        assert await database.requests.record_all([Received(1, 1, 2, None, "f", "u", "photo")]) == 1
        while await database.requests.unfinished():
            pass
    await supervisor.stop()
    await database.close()
