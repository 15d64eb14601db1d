"""A photo is in the database before Telegram may forget its update."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.application import build_dispatcher
from bot.middlewares.in_flight import InFlight
from bot.photos.albums import Incoming
from bot.photos.inbox import Inbox
from bot.photos.progress import Progress
from bot.photos.recovery import answer_unfinished, delete_stale_progress, release_unfinished
from bot.photos.service import PhotoService
from bot.sandbox.faults import Fault
from bot.sandbox.people import People
from bot.sandbox.samples import sample
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.telegram.client import FileExpired, FileTooLarge, RetryingBot, connect, fetch_file, open_session
from bot.telegram.rate_limit import RateLimiter
from bot.ui.callbacks import Show
from bot.ui.i18n import load_i18n
from inference.engine.engine import Engine
from storage.database import Database
from storage.records import Outcome

EMMA = 1001


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db", Fernet.generate_key())
    yield database
    await database.close()


@pytest.fixture
async def bot(sandbox: Sandbox, database: Database) -> AsyncIterator[RetryingBot]:
    session = open_session(sandbox.base_url)
    session.middleware(Inbox(database))
    yield connect(sandbox.token, session)
    await session.close()


async def test_photos_are_recorded_before_anybody_sees_their_updates(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    people = People(sandbox.world)
    people.write(EMMA, "hello")
    await people.send_photos(EMMA, [sample("mole")] * 2, None)
    people.send_document(EMMA, b"x", "x.png", "image/png", None)
    people.send_clip(EMMA, "animation", b"x")
    # Never acknowledged, so it comes again; that makes no second record.
    for _ in range(2):
        await bot.get_updates(timeout=0)
    requests = await database.requests.unfinished()
    assert [request.kind for request in requests] == ["photo", "photo", "document"]
    assert requests[0].media_group_id == requests[1].media_group_id is not None
    assert {request.outcome for request in requests} == {Outcome.RECEIVED}
    user = await database.users.get(EMMA)
    assert user is not None and user.language == "en"


async def test_updates_that_cannot_be_recorded_stay_with_telegram(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await database.close()
    (Path(str(database._engine.url.database))).write_bytes(b"not a database any more" * 100)
    with pytest.raises(Exception, match="database"):
        await bot.get_updates(timeout=0)
    assert sandbox.world.updates.pending == 1


async def test_what_was_under_way_is_taken_up_again_once(
    sandbox: Sandbox, database: Database, bot: RetryingBot, tmp_path: Path, compiled_translations: None
) -> None:
    """The engine has not been started: whatever is read fails, and is apologised for."""
    people = People(sandbox.world)
    await people.send_photos(EMMA, [sample("mole")] * 3, None)
    await people.send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    received = await database.requests.unfinished()
    assert await database.requests.claim([received[0].id])
    supervisor = Supervisor()
    photo_service = PhotoService(bot, database, Engine(tmp_path), load_i18n(), supervisor, RateLimiter())
    leftover = await release_unfinished(database)
    assert len(leftover) == 4
    await answer_unfinished(leftover, photo_service)
    assert await database.requests.unfinished() == []
    replies = [each for each in sandbox.world.people[EMMA].messages.values() if each.reply_to_message]
    assert len(replies) == 2
    # The same updates come again, as after a kill: they are answered already.
    await photo_service.receive([Incoming(request) for request in leftover])
    assert len([each for each in sandbox.world.people[EMMA].messages.values() if each.reply_to_message]) == 2


async def test_the_progress_message_of_a_killed_run_is_taken_away(
    sandbox: Sandbox, database: Database, bot: RetryingBot, tmp_path: Path, compiled_translations: None
) -> None:
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    i18n = load_i18n()
    messages = sandbox.world.people[EMMA].messages
    [request] = await database.requests.unfinished()
    with i18n.context():
        async with Progress(bot, database, RateLimiter(), [request], []):
            async with asyncio.timeout(20):
                while (noted := await database.requests.unfinished())[0].progress_message_id is None:
                    pass
            assert noted[0].progress_message_id == next(reversed(messages))
    left_over = await bot.send_message(EMMA, "I am looking at your photo")
    await database.requests.set_progress_message([request.id], left_over.message_id)
    photo_service = PhotoService(bot, database, Engine(tmp_path), i18n, Supervisor(), RateLimiter())
    await answer_unfinished(await release_unfinished(database), photo_service)
    assert left_over.message_id not in messages
    assert [each.reply_to_message is not None for each in messages.values()] == [False, True]


async def test_a_progress_message_that_outlived_its_answer_is_taken_away_as_soon_as_telegram_can_be_reached(
    sandbox: Sandbox, database: Database, bot: RetryingBot, compiled_translations: None
) -> None:
    await People(sandbox.world).send_photos(EMMA, [sample("mole")] * 2, None)
    await bot.get_updates(timeout=0)
    album = [each.id for each in await database.requests.unfinished()]
    notice = await bot.send_message(EMMA, "I am looking at your photos")
    await database.requests.set_progress_message(album, notice.message_id)
    messages = sandbox.world.people[EMMA].messages
    await delete_stale_progress(bot, database)
    assert notice.message_id in messages, "the photos are not answered yet"
    for request_id in album:
        await database.requests.complete(request_id, Outcome.ANSWERED, None, None)
    sandbox.world.faults.faults.append(Fault(kind="403", method="deleteMessage"))
    await delete_stale_progress(bot, database)
    assert notice.message_id in messages
    await delete_stale_progress(bot, database)
    assert notice.message_id not in messages
    deletions = [each for each in sandbox.world.calls if each.method == "deleteMessage"]
    await delete_stale_progress(bot, database)
    assert [each for each in sandbox.world.calls if each.method == "deleteMessage"] == deletions


async def test_what_cannot_be_delivered_is_tried_again_later(
    sandbox: Sandbox,
    database: Database,
    bot: RetryingBot,
    tmp_path: Path,
    compiled_translations: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.client.RETRY_DELAYS", (0.01,))
    monkeypatch.setattr("bot.photos.service.AGAIN_SECONDS", 0.01)
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    requests = await database.requests.unfinished()
    sandbox.world.faults.faults.append(Fault(kind="drop", method="sendMessage", times=5))
    supervisor = Supervisor()
    photo_service = PhotoService(bot, database, Engine(tmp_path), load_i18n(), supervisor, RateLimiter())
    await photo_service.receive([Incoming(request) for request in requests])
    events = sandbox.world.events

    def replies() -> int:
        return sum(each.reply_to_message is not None for each in sandbox.world.people[EMMA].messages.values())

    async with asyncio.timeout(20):
        while not replies():
            await events.beyond(events.version, 20)
    await supervisor.stop()
    assert replies() == 1


async def test_a_group_is_no_place_for_results_and_nobody_is_kept_for_writing_there(
    sandbox: Sandbox, database: Database, bot: RetryingBot, compiled_translations: None
) -> None:
    dispatcher = build_dispatcher(InFlight(), load_i18n(), database=database, settings=Settings())
    group = {"id": -100, "type": "supergroup", "title": "x"}
    emma = {"id": EMMA, "is_bot": False, "first_name": "Emma"}
    message = {"message_id": 5, "date": 0, "chat": group, "from": emma}
    picture = {"file_id": "a", "file_unique_id": "b", "width": 9, "height": 9}
    press = {"id": "7", "from": emma, "chat_instance": "1", "message": {**message, "text": "x"}, "data": Show.CONSENT}
    # Emma has the bot leave the group, which is not to block it.
    member = {"user": {"id": bot.id, "is_bot": True, "first_name": "bot"}}
    left = {
        "chat": group,
        "from": emma,
        "date": 0,
        "old_chat_member": {**member, "status": "member"},
        "new_chat_member": {**member, "status": "left"},
    }
    updates = [
        *({"message": {**message, **content}} for content in ({"text": "/start"}, {"photo": [picture]})),
        {"callback_query": press},
    ]
    for update in updates:
        await dispatcher.feed_raw_update(bot, {"update_id": 1, **update})
    assert await database.users.get(EMMA) is None
    await database.users.seen(EMMA, "en")
    await dispatcher.feed_raw_update(bot, {"update_id": 1, "my_chat_member": left})
    known = await database.users.get(EMMA)
    assert known is not None and known.blocked_at is None
    assert [each for each in sandbox.world.calls if each.method != "getMe"] == []
    for router in dispatcher.sub_routers:
        router._parent_router = None


@pytest.mark.parametrize("kind", ["429", "500", "502", "drop"])
async def test_a_call_outlasts_a_passing_failure(sandbox: Sandbox, bot: RetryingBot, kind: str) -> None:
    sandbox.world.faults.faults.append(Fault.model_validate({"kind": kind, "method": "getMe"}))
    assert (await bot.get_me()).is_bot


async def test_a_file_that_cannot_be_had_is_told_apart_from_a_broken_connection(
    sandbox: Sandbox, bot: RetryingBot
) -> None:
    people = People(sandbox.world)
    sent = people.send_document(EMMA, b"content", "x.png", "image/png", None)
    large = people.send_document(EMMA, bytes(20 * 1024 * 1024 + 1), "x.png", "image/png", None)
    assert sent.document is not None and large.document is not None
    sandbox.world.faults.faults.append(Fault(kind="drop", method="download"))
    assert await fetch_file(bot, sent.document.file_id) == b"content"
    sandbox.world.faults.faults.append(Fault(kind="file_expired", method="download"))
    with pytest.raises(FileExpired):
        await fetch_file(bot, sent.document.file_id)
    with pytest.raises(FileExpired):
        await fetch_file(bot, "nothing")
    with pytest.raises(FileTooLarge):
        await fetch_file(bot, large.document.file_id)
