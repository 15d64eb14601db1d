"""Jobs from process to process through PostgreSQL, on pgqueuer. What they hold is encrypted.

One process at a time has a job, and sends heartbeats while it works. If the heartbeats stop, because the process was
killed or its machine is gone, another process takes the job. So a job is done at least once.
"""

import asyncio
import logging
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.settings import db_settings
from pgqueuer.domain.types import JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from storage.errors import StorageError, StorageUnreachable
from storage.keys import decode_key
from storage.location import locate
from storage.postgresql import unavailable

# After so long without a heartbeat, another process takes the job.
HEARTBEAT_SECONDS: Final = 9.0
# The longest delay of a job whose notification was lost.
POLL_SECONDS: Final = 1.0
# How often a server that does not answer is connected to again.
RECONNECT_SECONDS: Final = 2.0
# After this time, the process that an answer is for is gone.
STALE: Final = "10 minutes"
TIDY_SECONDS: Final = 600.0
NONCE_BYTES: Final = 12
UNREACHABLE: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

logger = logging.getLogger(__name__)


class JobQueue:
    """Named queues in one database; see `open_queue`."""

    def __init__(self, queries: Queries, secret: bytes) -> None:
        self._queries = queries
        self._cipher = AESGCM(secret)
        self._news = asyncio.Event()

    async def keep_listening(self, address: str) -> None:
        """Hear of new jobs until cancelled, on a connection of its own; again after it is lost."""
        while True:
            with suppress(*UNREACHABLE):
                await self._listen(address)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, address: str) -> None:
        connection, lost = await asyncpg.connect(address), asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(db_settings().channel, lambda *_: self._news.set())
            # There may be jobs from the time when nobody listened.
            self._news.set()
            await lost.wait()
        finally:
            connection.terminate()

    async def put(self, name: str, content: bytes) -> int:
        """Add a job; gives its number. Raises StorageUnreachable."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, content, name.encode())
        try:
            [number] = await self._queries.enqueue(name, sealed)
        except UNREACHABLE as error:
            raise StorageUnreachable("the database server cannot be reached") from error
        return int(number)

    async def withdraw(self, number: int) -> None:
        """Cancel a job, even while a process works on it. Its result is then ignored."""
        with suppress(*UNREACHABLE):
            await self._queries.mark_job_as_cancelled([JobId(number)])

    async def tidy(self, pattern: str) -> None:
        """Delete old jobs of the queues with names LIKE `pattern`, and old entries of the log of jobs."""
        settings, old = db_settings(), f"created < now() - interval '{STALE}'"
        run = self._queries.driver.execute
        await run(f"DELETE FROM {settings.queue_table} WHERE entrypoint LIKE $1 AND {old}", pattern)
        await run(f"DELETE FROM {settings.queue_table_log} WHERE {old}")

    async def keep_tidy(self, pattern: str) -> None:
        """Call `tidy` at intervals, until cancelled."""
        while True:
            with suppress(*UNREACHABLE):
                await self.tidy(pattern)
            await asyncio.sleep(TIDY_SECONDS)

    async def serve(self, name: str, handle: Callable[[bytes], Awaitable[None]], stop: asyncio.Event) -> None:
        """Handle the jobs of a queue one after another. After `stop` is set, it finishes the current job and returns.
        It waits for a database that cannot be reached. Errors of `handle` are logged, and end their job.
        """
        me = QueueManagerId(uuid.uuid4())
        while not stop.is_set():
            self._news.clear()
            try:
                job = await self._next(name, me)
                if job is None:
                    await self._wait(stop)
                else:
                    await self._handle(job, name, handle)
            except UNREACHABLE as error:
                logger.warning("no jobs can be taken (%s), trying again", type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)

    async def _next(self, name: str, me: QueueManagerId) -> Job | None:
        asked = {QueueEntrypoint(name): EntrypointExecutionParameter(concurrency_limit=0)}
        jobs = await self._queries.dequeue(1, asked, me, None, timedelta(seconds=HEARTBEAT_SECONDS))
        return jobs[0] if jobs else None

    async def _wait(self, stop: asyncio.Event) -> None:
        waiting = [asyncio.create_task(self._news.wait()), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def _handle(self, job: Job, name: str, handle: Callable[[bytes], Awaitable[None]]) -> None:
        beating = asyncio.create_task(self._beat(job))
        try:
            sealed = job.payload or b""
            content = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
            await handle(content)
        except InvalidTag:
            logger.error("a job cannot be decrypted: DATA_KEY is not the same everywhere")
        except Exception:
            logger.exception("a job failed")
        finally:
            beating.cancel()
        await self._queries.log_jobs([(job, "successful", None)])

    async def _beat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / 3)
            with suppress(*UNREACHABLE):
                await self._queries.update_heartbeat([job.id])


@asynccontextmanager
async def open_queue(url: str, key: bytes) -> AsyncIterator[JobQueue]:
    """The queues of a PostgreSQL database. It waits for a server that does not answer.

    Args:
        url: of the database, as DATABASE_URL has it.
        key: DATA_KEY; the jobs are encrypted with a key derived from it.

    Raises:
        StorageError: the URL is not one of PostgreSQL, or the server does not let this user in.
    """
    location, path = locate(url)
    if path is not None:
        raise StorageError("DATABASE_URL: workers elsewhere need PostgreSQL")
    secret = HKDF(SHA256(), length=32, salt=None, info=b"job queue").derive(decode_key(key))
    address = location.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await _connected(address) as pool:
        queue = JobQueue(Queries(AsyncpgPoolDriver(pool)), secret)
        listening = asyncio.create_task(queue.keep_listening(address))
        try:
            yield queue
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _connected(address: str) -> asyncpg.Pool:
    """Connections with a database that has the tables of the queues."""
    while True:
        try:
            await _install(address)
            return await asyncpg.create_pool(address, min_size=1, max_size=10)
        except UNREACHABLE as error:
            if unavailable(error) is None:
                raise StorageError(f"DATABASE_URL: the queue cannot be used ({error})") from error
            logger.warning("the database server does not answer (%s), trying again", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _install(address: str) -> None:
    """Create the tables if they are missing. Several processes may call this at the same time."""
    connection = await asyncpg.connect(address)
    try:
        # The lock belongs to a connection, so a pool would lose it between two statements.
        queries = Queries(AsyncpgDriver(connection))
        async with queries.schema_lock():
            if not await queries.schema_is_installed():
                await queries.install()
    finally:
        connection.terminate()
