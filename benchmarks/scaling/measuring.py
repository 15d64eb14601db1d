"""Measures the way of a photo through the queue: real PostgreSQL, real queue, real worker processes."""

import asyncio
import pickle
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
from sqlalchemy import URL

from benchmarks.load.processes import environment
from benchmarks.load.servers import Server
from bot.results import Result, to_stored
from bot.workers.messages import Answer, Question, packed
from bot.workers.pool import RemotePool
from inference.drawing.words import DEFAULT_CAPTION
from inference.engine.pool import WorkerPool
from inference.engine.tasks import AnnotatedAnalysis
from inference.registry.registry import DEFAULT_WEIGHTS
from storage.database import Database
from storage.records import Outcome

WARM_UP = 3
ROWS = 300


@dataclass(frozen=True)
class Alone:
    """One photo at a time on this machine without a queue: its time, and the processor time in it, in seconds."""

    seconds: float
    core_seconds: float
    answer: AnnotatedAnalysis


@dataclass(frozen=True)
class Point:
    """So many workers at once.

    `seconds` is the mean time from asking to the answer. The core seconds are processor time a photo: of the asking
    side, of PostgreSQL, and of all workers.
    """

    workers: int
    modelled: bool
    photos: int
    rate: float
    seconds: float
    asking_core_seconds: float
    database_core_seconds: float
    worker_core_seconds: float


@dataclass(frozen=True)
class Sizes:
    """Bytes a photo: the photo and its answer in the queue, and what the database keeps of it."""

    question: int
    answer: int
    kept: int


async def alone(photo: bytes, photos: int) -> Alone:
    """Read a photo so often with the released networks, one after another."""
    pool = WorkerPool(DEFAULT_WEIGHTS, classifier=None, size=1, photo_seconds=60)
    await pool.start()
    try:
        for _ in range(WARM_UP):
            answer = await pool.read(photo, DEFAULT_CAPTION)
        before, began = _tree(psutil.Process().pid, itself=False), time.monotonic()
        for _ in range(photos):
            answer = await pool.read(photo, DEFAULT_CAPTION)
        elapsed, used = time.monotonic() - began, _tree(psutil.Process().pid, itself=False) - before
    finally:
        await pool.stop()
    return Alone(elapsed / photos, used / photos, answer)


@contextmanager
def workers(number: int, settings: dict[str, str], folder: Path, *command: str) -> Iterator[list[int]]:
    """So many worker processes; yields their process ids."""
    with ExitStack() as stack:
        started = [stack.enter_context(_process(settings, folder / f"{each}.log", *command)) for each in range(number)]
        yield [each.pid for each in started]


@contextmanager
def _process(settings: dict[str, str], log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command], env=environment(**settings), stdout=file, stderr=file, cwd=log.parent
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=120)


@asynccontextmanager
async def asking(settings: dict[str, str], size: int) -> AsyncIterator[RemotePool]:
    """The bot's side of the queue. It is ready when a worker has answered."""
    pool = RemotePool(
        settings["DATABASE_URL"],
        settings["DATA_KEY"].encode(),
        DEFAULT_WEIGHTS,
        classifier=None,
        size=size,
        photo_seconds=60,
    )
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


async def point(
    pool: RemotePool, photo: bytes, seconds: float, server: Server, processes: list[int], *, modelled: bool
) -> Point:
    """Keep every worker busy for so many seconds, as the engine does: each gets its next photo with the last answer."""
    number = len(processes)
    await asyncio.gather(*(_keep_asking(pool, photo, WARM_UP) for _ in range(number)))
    before, began = _used(server, processes), time.monotonic()
    times = await asyncio.gather(*(_keep_asking(pool, photo, None, began + seconds) for _ in range(number)))
    elapsed, after = time.monotonic() - began, _used(server, processes)
    every = [each for some in times for each in some]
    spent = [(later - earlier) / len(every) for earlier, later in zip(before, after, strict=True)]
    return Point(number, modelled, len(every), len(every) / elapsed, sum(every) / len(every), *spent)


async def _keep_asking(pool: RemotePool, photo: bytes, photos: int | None, until: float = float("inf")) -> list[float]:
    times: list[float] = []
    while (photos is None or len(times) < photos) and (began := time.monotonic()) < until:
        await pool.read(photo, DEFAULT_CAPTION)
        times.append(time.monotonic() - began)
    return times


def _used(server: Server, processes: list[int]) -> tuple[float, float, float]:
    """Processor time so far of this process, of PostgreSQL and of the workers."""
    return time.process_time(), _tree(server.process), sum(map(_tree, processes))


def _tree(process: int, *, itself: bool = True) -> float:
    """Processor time so far of a process and of all below it, with those that have ended."""
    top = psutil.Process(process)
    spent = 0.0
    for each in [*([top] if itself else []), *top.children(recursive=True)]:
        times = each.cpu_times()
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


async def sizes(photo: bytes, answer: AnnotatedAnalysis, url: URL, key: bytes) -> Sizes:
    """How much goes through the queue for a photo, and how much the database keeps of it."""
    question = packed(Question(1, "answers-", "read", None, photo, DEFAULT_CAPTION))
    return Sizes(len(question), len(packed(Answer(1, answer))), await _kept(answer, url, key))


async def _kept(answer: AnnotatedAnalysis, url: URL, key: bytes) -> int:
    analysis = answer.analysis
    result = to_stored(Result.of(analysis), analysis)
    database = await Database.open(url, key)
    try:
        await database.users.seen(1, "en")
        for number in range(ROWS):
            # As long as Telegram's own.
            request, _ = await database.requests.record(1, 1, number, None, f"{number:083}", f"{number:016}", "photo")
            await database.requests.complete(request.id, Outcome.ANSWERED, result, f"{number:083}")
    finally:
        await database.close()
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await connection.execute("VACUUM FULL requests")
        return int(await connection.fetchval("SELECT pg_total_relation_size('requests')")) // ROWS
    finally:
        await connection.close()


def kept_answer(answer: AnnotatedAnalysis, path: Path) -> Path:
    """Write an answer for the workers that sleep."""
    path.write_bytes(pickle.dumps(answer))
    return path
