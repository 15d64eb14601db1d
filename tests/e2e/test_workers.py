"""The bot with its workers in other processes: photos, explanations, and a worker that is killed among them."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from cryptography.fernet import Fernet

from benchmarks.load.chats import Chats
from benchmarks.load.crowd import Crowd
from benchmarks.load.processes import BotProcess, analysis_processes, environment
from benchmarks.load.report import faults
from benchmarks.load.servers import Server
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person
from tests.storage.servers import any_server, server

__all__ = ["any_server", "server"]

# A database server, a bot and two workers are started, on a machine that may be busy.
pytestmark = pytest.mark.timeout(900)
TIMEOUT_S = 300


@contextmanager
def worker(folder: Path, name: str, settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        command = [sys.executable, "-m", "bot.workers"]
        process = subprocess.Popen(command, env=environment(**settings), stdout=log, stderr=log, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture
def shared(server: Server) -> dict[str, str]:
    return {"DATABASE_URL": server.new_database().render_as_string(), "DATA_KEY": Fernet.generate_key().decode()}


@pytest.fixture
def own_bot(own_api_url: str, folder: Path, shared: dict[str, str]) -> Iterator[BotProcess]:
    bot = BotProcess(own_api_url, folder, {**shared, "WORKERS_AT": "elsewhere", "WORKERS": "2"})
    bot.start()
    yield bot
    bot.stop()


async def test_a_killed_worker_loses_no_photo_and_doubles_none(
    own_bot: BotProcess, folder: Path, shared: dict[str, str], http: ClientSession
) -> None:
    chats = Chats(http, own_bot.api_url)
    following = asyncio.create_task(chats.follow())
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(folder, name, shared)) for name in ("one", "two")]
        try:
            await chats.ready.wait()
            crowd = Crowd(http, own_bot.api_url, chats, [sample("mole")], seed=1)
            people = await crowd.gather(4)
            sent = list(await asyncio.gather(*map(crowd.send, people, (1, 1, 1, 6))))
            await chats.answered(sent[:1], TIMEOUT_S)
            workers[0].kill()
            await chats.answered(sent, TIMEOUT_S)
            assert not following.done(), "the sandbox has ended the events"
            assert faults(sent) == (0, 0)
            assert own_bot.workers() == []
            for role, is_there in (("worker", True), ("", False)):
                asked = [sys.executable, "-m", "bot.health", *filter(None, [role])]
                asking = environment(DATA_DIR=str(folder / "data"))
                looked = await asyncio.to_thread(subprocess.run, asked, env=asking, capture_output=True, check=False)
                assert (looked.returncode == 0) == is_there, looked.stdout
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        person = await Person(http, own_bot.api_url, 81, "Emma", "en").join()
        await person.agree()
        await person.send_document(b"no photo at all", "mole.jpg", "image/jpeg")
        assert "This file is not a picture I can read" in words(await person.answer())
        await person.send_photos(sample("mole"))
        await person.click(await person.answered(), "Why?")
        assert "photo" in await person.answer(lambda message: "Why this answer" in words(message))
        # Analysis processes import a main module again, unless it is called __main__.
        [reading] = analysis_processes(workers[1].pid)
        loaded = " ".join(each.path for each in reading.memory_maps())
        assert "onnxruntime" in loaded
        assert "asyncpg" not in loaded and "aiohttp" not in loaded
