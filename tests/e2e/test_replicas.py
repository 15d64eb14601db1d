"""Two replicas of the bot, a worker and PostgreSQL: each of them ends in the middle, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import ClientSession

from benchmarks.load.chats import Chats, Sent, is_offer
from benchmarks.load.cluster import SECRET, Cluster, cluster
from benchmarks.load.crowd import Crowd
from benchmarks.load.processes import ADMIN_ID, BotProcess
from benchmarks.load.report import faults, print_doubled
from benchmarks.load.servers import running_server
from bot.samples import sample
from bot.sandbox.client import words
from bot.telegram.webhook import SECRET_HEADER
from storage import Database
from storage.postgresql import LOCK_ID
from tests.e2e.playing import QUICK_BOT, Person
from tests.e2e.sandboxes import sandbox_thread
from tests.e2e.test_broadcast import deliveries
from tests.storage.servers import required

# Five processes are started, on a machine that may be busy.
pytestmark = pytest.mark.timeout(900)
TIMEOUT_S = 300
NEWS = "Version 2 is better at telling moles."
READERS = 60
FIRST_IDS = count(700_001, 1000)
UPDATE_IDS = count(10_000_001)


@pytest.fixture(scope="module")
def started(compiled_translations: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with (
        sandbox_thread() as url,
        running_server() as server,
        cluster(url, required(server), folder, module=QUICK_BOT) as made,
    ):
        yield made


@pytest_asyncio.fixture
async def replicas(started: Cluster, http: ClientSession) -> Cluster:
    """Both replicas run, and one is active."""
    started.start()
    async with asyncio.timeout(TIMEOUT_S):
        await started.until_ready(http, 2)
    return started


@pytest_asyncio.fixture
async def chats(replicas: Cluster, http: ClientSession) -> AsyncIterator[Chats]:
    chats = Chats(http, replicas.api_url)
    following = asyncio.create_task(chats.follow())
    await chats.ready.wait()
    yield chats
    assert not following.done(), "the sandbox has ended the events"
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


@pytest.fixture
def crowd(replicas: Cluster, chats: Chats, http: ClientSession) -> Crowd:
    return Crowd(http, replicas.api_url, chats, [sample("mole")], seed=1, first_id=next(FIRST_IDS))


async def photos_under_way(crowd: Crowd, chats: Chats) -> list[Sent]:
    """Photos and an album, whose parts come through both replicas; one is answered."""
    people = await crowd.gather(4)
    sent = list(await asyncio.gather(*map(crowd.send, people, (1, 1, 1, 6))))
    await chats.answered(sent[:1], TIMEOUT_S)
    return sent


async def assert_answered_once(sent: list[Sent], crowd: Crowd, chats: Chats) -> None:
    await chats.answered(sent, TIMEOUT_S)
    [somebody] = await crowd.gather(1)
    # A second answer would be there by now.
    await crowd.ask(somebody, "/help")
    print_doubled(sent)
    assert faults(sent) == (0, 0)


async def post(http: ClientSession, replica: BotProcess, update: dict[str, Any]) -> int:
    url = f"http://127.0.0.1:{replica.settings['WEBHOOK_PORT']}/telegram"
    async with http.post(url, json=update, headers={SECRET_HEADER: SECRET}) as answer:
        return answer.status


def command(person: int, text: str) -> dict[str, Any]:
    number = next(UPDATE_IDS)
    sender = {"id": person, "is_bot": False, "first_name": "Emma", "language_code": "en"}
    chat = {"id": person, "type": "private"}
    entity = {"type": "bot_command", "offset": 0, "length": len(text)}
    message = {"message_id": number, "date": 1, "chat": chat, "from": sender, "text": text, "entities": [entity]}
    return {"update_id": number, "message": message}


async def test_one_of_two_replicas_is_active_and_both_take_what_is_answered_once(
    replicas: Cluster, crowd: Crowd, chats: Chats, http: ClientSession
) -> None:
    await assert_answered_once(await photos_under_way(crowd, chats), crowd, chats)
    assert len(await replicas.active(http)) == 1
    for each in replicas.bots:
        for page in ("healthz", "readyz"):
            async with http.get(f"http://127.0.0.1:{each.settings['WEBHOOK_PORT']}/{page}") as answer:
                assert answer.status == 200


async def test_an_update_that_comes_to_both_replicas_is_handled_once(replicas: Cluster, http: ClientSession) -> None:
    person = await Person(http, replicas.api_url, next(FIRST_IDS), "Emma", "en").join()
    await person.agree()

    async def helped() -> int:
        return sum("A good photo" in words(each) for each in (await person.transcript())["messages"])

    before = await helped()
    [active] = await replicas.active(http)
    [standby] = [each for each in replicas.bots if each is not active]
    asked = command(person.id, "/help")
    took = await asyncio.gather(*(post(http, each, asked) for each in (active, standby) * 3))
    assert took == [200] * 6
    assert "A good photo" in words(await person.answer())
    # Through the one that does not handle it.
    assert await post(http, standby, command(person.id, "/privacy")) == 200
    await person.answer()
    assert await post(http, standby, asked) == 200
    assert await post(http, active, command(person.id, "/privacy")) == 200
    await person.answer()
    assert await helped() == before + 1


async def test_a_standby_takes_over_photos_and_an_album_when_the_active_one_is_killed(
    replicas: Cluster, crowd: Crowd, chats: Chats, http: ClientSession
) -> None:
    sent = await photos_under_way(crowd, chats)
    [active] = await replicas.active(http)
    active.kill()
    await assert_answered_once(sent, crowd, chats)
    assert await replicas.until_ready(http, 1) is not active


async def test_a_rolling_restart_loses_and_doubles_nothing(
    replicas: Cluster, crowd: Crowd, chats: Chats, http: ClientSession
) -> None:
    people = await crowd.gather(3)

    async def keep_sending() -> None:
        while True:
            await crowd.send(crowd.somebody(people))
            await asyncio.sleep(1)

    sending = asyncio.create_task(keep_sending())
    [active] = await replicas.active(http)
    for each in sorted(replicas.bots, key=lambda one: one is active):
        assert await asyncio.to_thread(each.stop) == 0
        each.start()
        await replicas.until_ready(http, 2)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert chats.sent
    await assert_answered_once(chats.sent, crowd, chats)


async def test_after_a_restart_of_postgresql_one_replica_is_active_and_nothing_is_lost(
    replicas: Cluster, crowd: Crowd, chats: Chats, http: ClientSession
) -> None:
    sent = await photos_under_way(crowd, chats)
    await asyncio.to_thread(replicas.server.stop)
    await asyncio.to_thread(replicas.server.start)
    await assert_answered_once(sent, crowd, chats)
    # With the picture, and not with an apology.
    assert all(any("photo" in reply or is_offer(reply) for reply in each.replies) for each in sent)
    await replicas.until_ready(http, 2)
    assert all(each.process is not None and each.process.poll() is None for each in replicas.bots)


async def test_who_starts_while_postgresql_is_down_waits_for_it(
    replicas: Cluster, crowd: Crowd, chats: Chats, http: ClientSession
) -> None:
    await asyncio.to_thread(replicas.server.stop)
    everybody = [*replicas.bots, *replicas.workers]
    for each in everybody:
        each.kill()
        each.log.write_bytes(b"")
    replicas.start()
    async with asyncio.timeout(TIMEOUT_S):
        while not all(b"cannot be used" in each.log.read_bytes() for each in replicas.bots) or not all(
            b"does not answer" in each.log.read_bytes() for each in replicas.workers
        ):
            assert all(each.runs for each in everybody)
            await asyncio.sleep(0.1)
    await asyncio.to_thread(replicas.server.start)
    await assert_answered_once(await photos_under_way(crowd, chats), crowd, chats)
    await replicas.until_ready(http, 2)
    assert all(each.runs for each in everybody)


async def test_who_loses_the_lock_gives_way_and_there_are_never_two(
    replicas: Cluster, crowd: Crowd, chats: Chats, http: ClientSession
) -> None:
    sent = await photos_under_way(crowd, chats)
    url = replicas.bots[0].settings["DATABASE_URL"].replace("+asyncpg", "")
    database = await asyncpg.connect(url)
    holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = $1"
    [holder] = await database.fetch(holders, LOCK_ID & 0xFFFFFFFF)
    assert await database.fetchval("SELECT pg_terminate_backend($1)", holder["pid"])
    answered = asyncio.create_task(assert_answered_once(sent, crowd, chats))
    while not answered.done():
        assert len(await database.fetch(holders, LOCK_ID & 0xFFFFFFFF)) <= 1
    await answered
    await database.close()
    await replicas.until_ready(http, 2)


async def test_an_announcement_outlives_the_active_replica_and_nobody_gets_it_twice(
    replicas: Cluster, http: ClientSession
) -> None:
    settings = replicas.bots[0].settings
    attached = await Database.attach(settings["DATABASE_URL"], settings["DATA_KEY"].encode())
    first = next(FIRST_IDS)
    readers = {first + number for number in range(READERS)}
    for each in readers:
        reader = await Person(http, replicas.api_url, each, "Reader", "en").join()
        await reader.write("hello")
        await attached.users.seen(each, "en")
        await attached.users.consent(each)
    await attached.close()
    admin = await Person(http, replicas.api_url, ADMIN_ID, "Admin", "en").join()
    await admin.write("/broadcast")
    await admin.answer(lambda message: "Send me the announcement" in words(message))
    await admin.write(NEWS)
    asked = await admin.answer(lambda message: "Now the announcement in this language" in words(message))
    await admin.click(asked, "The same for everybody")
    question = await admin.answer(lambda message: "Recipients: " in words(message))
    await admin.click(question, "Send it")
    await deliveries(http, replicas.api_url, READERS // 3)
    [active] = await replicas.active(http)
    active.kill()

    def summary(chat: dict[str, Any]) -> list[str] | None:
        told = next(words(each) for each in chat["messages"] if each["message_id"] == question["message_id"])
        return told.splitlines() if "is sent." in told else None

    lines = await admin.wait(summary)
    reached = Counter(await deliveries(http, replicas.api_url, 1))
    uncertain = sum(int(each.rpartition(" ")[2]) for each in lines if each.startswith("Uncertain"))
    assert max(reached.values()) == 1
    assert len(readers - set(reached)) <= uncertain
