"""The queue between processes: in order, encrypted, and no job lost with the process that had it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import pytest
from cryptography.fernet import Fernet

from benchmarks.load.servers import Server
from storage import queue as queues
from storage.errors import StorageError
from storage.queue import JobQueue, open_queue
from storage.retry import until_stored

TIMEOUT_S = 60


@pytest.fixture
def address(server: Server) -> str:
    return server.new_database().render_as_string()


@pytest.fixture
async def queue(address: str, key: bytes) -> AsyncIterator[JobQueue]:
    async with open_queue(address, key) as queue:
        yield queue


async def served(
    queue: JobQueue, number: int, handle: Callable[[bytes], Awaitable[None]] | None = None, name: str = "photos"
) -> list[bytes]:
    """The next jobs of a queue, as they are handled."""
    got: list[bytes] = []
    stop = asyncio.Event()

    async def take(content: bytes) -> None:
        if handle is not None:
            await handle(content)
        got.append(content)
        if len(got) == number:
            stop.set()

    async with asyncio.timeout(TIMEOUT_S):
        await queue.serve(name, take, stop)
    return got


async def test_jobs_are_handled_in_the_order_in_which_they_came_and_queues_are_apart(queue: JobQueue) -> None:
    for content in (b"one", b"two", b"three"):
        await queue.put("photos", content)
    await queue.put("answers", b"another")
    assert await served(queue, 3) == [b"one", b"two", b"three"]
    assert await served(queue, 1, name="answers") == [b"another"]


async def test_who_waits_is_told_of_a_job_at_once_by_another_process(queue: JobQueue, address: str, key: bytes) -> None:
    waiting = asyncio.create_task(served(queue, 1))
    async with open_queue(address, key) as other:
        await other.put("photos", b"a photo")
    assert await waiting == [b"a photo"]


async def test_the_job_of_a_process_that_is_gone_is_taken_by_another(
    queue: JobQueue, address: str, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "HEARTBEAT_SECONDS", 2.0)
    taken = asyncio.Event()

    async def never(_content: bytes) -> None:
        taken.set()
        await asyncio.Event().wait()

    await queue.put("photos", b"a photo")
    gone = asyncio.create_task(queue.serve("photos", never, asyncio.Event()))
    async with asyncio.timeout(TIMEOUT_S):
        await taken.wait()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    async with open_queue(address, key) as other:
        assert await served(other, 1) == [b"a photo"]


async def test_a_job_under_way_is_nobody_else_s_however_long_it_takes(
    queue: JobQueue, address: str, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "HEARTBEAT_SECONDS", 3.0)
    done = asyncio.Event()

    async def slow(_content: bytes) -> None:
        await done.wait()

    await queue.put("photos", b"a photo")
    working = asyncio.create_task(served(queue, 1, slow))
    async with open_queue(address, key) as other:
        stop, stolen = asyncio.Event(), asyncio.Queue[bytes]()
        thief = asyncio.create_task(other.serve("photos", stolen.put, stop))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(8):
                await stolen.get()
        stop.set()
        await thief
    done.set()
    assert await working == [b"a photo"]


async def test_a_handler_that_fails_does_not_stop_the_others(queue: JobQueue) -> None:
    async def fail_once(content: bytes) -> None:
        if content == b"bad":
            raise ValueError("a fault of ours")

    await queue.put("photos", b"bad")
    await queue.put("photos", b"good")
    assert await served(queue, 1, fail_once) == [b"good"]


async def test_what_is_withdrawn_is_not_handled(queue: JobQueue) -> None:
    number = await queue.put("photos", b"one")
    await queue.put("photos", b"two")
    await queue.withdraw(number)
    assert await served(queue, 1) == [b"two"]


async def test_the_database_never_sees_what_a_job_holds(queue: JobQueue, address: str) -> None:
    await queue.put("photos", b"a photo of somebody")
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    [row] = await connection.fetch("SELECT payload FROM pgqueuer")
    await connection.close()
    assert b"somebody" not in row["payload"]
    async with open_queue(address, Fernet.generate_key()) as stranger:
        stop, got = asyncio.Event(), asyncio.Queue[bytes]()
        await stranger.put("photos", b"of the stranger")
        serving = asyncio.create_task(stranger.serve("photos", got.put, stop))
        async with asyncio.timeout(TIMEOUT_S):
            assert await got.get() == b"of the stranger"
        stop.set()
        await serving


async def test_answers_for_nobody_are_forgotten_when_they_are_old(queue: JobQueue, address: str) -> None:
    await queue.put("answers-1", b"old")
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    for table in ("pgqueuer", "pgqueuer_log"):
        await connection.execute(f"UPDATE {table} SET created = now() - interval '1 hour'")
    await queue.put("answers-2", b"new")
    await queue.tidy("answers-%")
    rows = await connection.fetch("SELECT entrypoint FROM pgqueuer")
    left = await connection.fetchval("SELECT count(*) FROM pgqueuer_log")
    await connection.close()
    assert [row["entrypoint"] for row in rows] == ["answers-2"]
    assert left == 1


async def test_several_processes_may_make_the_tables_at_the_same_time(server: Server, key: bytes) -> None:
    for _ in range(3):
        address = server.new_database().render_as_string()
        async with AsyncExitStack() as stack:
            opened = await asyncio.gather(
                *(stack.enter_async_context(open_queue(address, key)) for _ in range(4)), return_exceptions=True
            )
            assert [each for each in opened if isinstance(each, BaseException)] == []


async def test_a_job_is_heard_of_at_once_after_a_restart_of_the_server_too(
    own_server: Server, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "RECONNECT_SECONDS", 0.1)
    address = own_server.new_database().render_as_string()
    async with open_queue(address, key) as queue, open_queue(address, key) as other:
        await asyncio.to_thread(own_server.stop)
        await asyncio.to_thread(own_server.start)
        connection = await asyncpg.connect(address.replace("+asyncpg", ""))
        listeners = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'"
        async with asyncio.timeout(TIMEOUT_S):
            while await connection.fetchval(listeners) < 2:
                pass
        await connection.close()
        queue._news.clear()
        await until_stored(lambda: other.put("photos", b"a photo"))
        async with asyncio.timeout(TIMEOUT_S):
            await queue._news.wait()
    # Nor does a lost connection make the end an error.


async def test_a_server_that_does_not_answer_yet_is_waited_for(
    own_server: Server, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "RECONNECT_SECONDS", 0.1)
    address = own_server.new_database().render_as_string()
    await asyncio.to_thread(own_server.stop)

    async def put() -> int:
        async with open_queue(address, key) as queue:
            return await queue.put("photos", b"a photo")

    putting = asyncio.create_task(put())
    done, _ = await asyncio.wait([putting], timeout=0.5)
    assert not done
    await asyncio.to_thread(own_server.start)
    async with asyncio.timeout(TIMEOUT_S):
        assert await putting > 0


async def test_sqlite_and_a_server_that_does_not_let_us_in_are_told(address: str, key: bytes) -> None:
    with pytest.raises(StorageError, match="PostgreSQL"):
        async with open_queue("sqlite+aiosqlite:///data/bot.db", key):
            pass
    with pytest.raises(StorageError, match=r"cannot be used \(role"):
        async with open_queue(address.replace("postgres@", "stranger@"), key):
            pass
