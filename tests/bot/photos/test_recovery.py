"""Work that a stop or a kill interrupted is continued."""

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.operator.metrics import Metrics
from bot.photos.agreement import Agreement
from bot.photos.albums import Albums, Incoming
from bot.photos.inbox import record_received
from bot.photos.progress import Progress
from bot.photos.recovery import answer_unfinished, delete_stale_progress, release_unfinished
from bot.photos.service import PhotoService
from bot.samples import sample
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.people import People
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import RateLimiter
from bot.ui.i18n import load_i18n
from inference.engine.engine import Busy, Engine, Promise
from storage.database import Database
from storage.errors import StorageBusy
from storage.records import Outcome, Received, User
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA


def albums(database: Database) -> Albums:
    return Albums(database.unread.waiting_in_album, quiet_seconds=0.01)


async def test_what_was_under_way_is_taken_up_again_once(
    sandbox: Sandbox, database: Database, bot: RetryingBot, tmp_path: Path
) -> None:
    """The engine is not started, so every photo fails and gets an apology."""
    people = People(sandbox.world)
    await people.send_photos(EMMA, [sample("mole")] * 3, None)
    await people.send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    received = await database.requests.unfinished()
    assert await database.requests.claim([received[0].id])
    supervisor = Supervisor()
    photo_service = PhotoService(
        bot,
        database,
        Engine(IdlePool()),
        load_i18n(),
        supervisor,
        RateLimiter(),
        Metrics(),
        Agreement(bot, None),
    )
    leftover = await release_unfinished(database)
    assert (len(leftover.unread), leftover.interrupted) == (4, [])
    await answer_unfinished(leftover.unread, photo_service, albums(database))
    assert await database.requests.unfinished() == []
    replies = [each for each in sandbox.world.people[EMMA].messages.values() if each.reply_to_message]
    assert len(replies) == 2
    # The same updates come again, as after a kill: they are answered already.
    await photo_service.receive([Incoming(request) for request in leftover.unread])
    assert len([each for each in sandbox.world.people[EMMA].messages.values() if each.reply_to_message]) == 2


async def test_an_album_is_answered_in_one_piece_whose_last_photo_comes_only_after_the_kill(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    people = People(sandbox.world)
    await people.send_photos(EMMA, [sample("mole")] * 3, None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    [*before, after] = (await release_unfinished(database)).unread
    photo_service = PhotoService(
        bot, database, Engine(IdlePool()), load_i18n(), Supervisor(), RateLimiter(), Metrics(), Agreement(bot, None)
    )
    gathering = albums(database)

    async def handle() -> None:
        await photo_service.receive(await gathering.gather(Incoming(after)))

    await asyncio.gather(answer_unfinished(before, photo_service, gathering), handle())
    assert await database.requests.unfinished() == []
    assert len([each for each in sandbox.world.people[EMMA].messages.values() if each.reply_to_message]) == 1


class PromisingEngine(Engine):
    """Says when it has promised room."""

    def __init__(self, pool: IdlePool, queue_limit: int) -> None:
        super().__init__(pool, queue_limit=queue_limit)
        self.promised = asyncio.Event()

    @contextmanager
    def promise(self, owner: Hashable, photos: int) -> Iterator[Promise]:
        with super().promise(owner, photos) as promise:
            self.promised.set()
            yield promise


async def test_a_photo_that_is_taken_up_again_gets_room_before_newcomers(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    """The engine is not started, so the answer is an apology."""
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    [received] = await database.requests.unfinished()
    engine = PromisingEngine(IdlePool(), queue_limit=1)
    photo_service = PhotoService(
        bot, database, engine, load_i18n(), Supervisor(), RateLimiter(), Metrics(), Agreement(bot, None)
    )
    with engine.queue("somebody"):
        again = asyncio.create_task(photo_service.receive([Incoming(received)], accepted=True))
        await engine.promised.wait()
    with pytest.raises(Busy), engine.queue("newcomer"):
        pass
    await again
    assert await database.requests.unfinished() == []
    with engine.queue("newcomer"):
        pass


async def test_a_photo_of_a_group_that_cannot_be_taken_over_stops_no_other(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    """The engine is not started, so the answer is an apology."""
    lost = Received(EMMA, -500, 9, None, "a file that Telegram has lost", "u", "photo")
    await record_received(database, lost)
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    engine = Engine(IdlePool())
    photo_service = PhotoService(
        bot, database, engine, load_i18n(), Supervisor(), RateLimiter(), Metrics(), Agreement(bot, None)
    )
    unread = (await release_unfinished(database)).unread
    await answer_unfinished(unread, photo_service, albums(database))
    assert await database.requests.unfinished() == []
    assert len([each for each in sandbox.world.people[EMMA].messages.values() if each.reply_to_message]) == 1


async def test_what_is_tried_again_is_not_taken_over_again(
    sandbox: Sandbox, database: Database, bot: RetryingBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is locked once, after the photo has come to the private chat."""
    [photo] = await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await bot.get_updates(timeout=0)
    await database.users.consent(EMMA)
    assert photo.photo
    left = Received(EMMA, -500, 9, None, photo.photo[-1].file_id, "u", "photo")
    request = await record_received(database, left)
    get, locked = database.users.get, [StorageBusy("locked")]

    async def get_later(user_id: int) -> User | None:
        if locked:
            raise locked.pop()
        return await get(user_id)

    monkeypatch.setattr(database.users, "get", get_later)
    engine, supervisor = Engine(IdlePool()), Supervisor()
    photo_service = PhotoService(
        bot, database, engine, load_i18n(), supervisor, RateLimiter(), Metrics(), Agreement(bot, None)
    )
    await photo_service.receive([Incoming(request)], accepted=True)
    async with asyncio.timeout(60):
        while request.id in [each.id for each in await database.requests.unfinished()]:
            pass
    await supervisor.stop()
    assert len([each for each in sandbox.world.calls if each.method == "sendPhoto"]) == 1


async def test_the_progress_message_of_a_killed_run_is_taken_away(
    sandbox: Sandbox, database: Database, bot: RetryingBot, tmp_path: Path
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
    photo_service = PhotoService(
        bot,
        database,
        Engine(IdlePool()),
        i18n,
        Supervisor(),
        RateLimiter(),
        Metrics(),
        Agreement(bot, None),
    )
    unread = (await release_unfinished(database)).unread
    await answer_unfinished(unread, photo_service, albums(database))
    assert left_over.message_id not in messages
    assert [each.reply_to_message is not None for each in messages.values()] == [False, True]


async def test_a_progress_message_that_outlived_its_answer_goes_once_telegram_is_there(
    sandbox: Sandbox, database: Database, bot: RetryingBot
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
