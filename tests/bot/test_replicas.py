"""A bot on a database server that does not answer, or serves badly, waits and goes on."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from benchmarks.load.ports import free_port
from benchmarks.load.servers import Server, running_server
from bot.operator.metrics import Metrics
from bot.replicas import Replica
from bot.settings import Settings
from bot.startup import await_database
from bot.telegram.rate_limit import PACE
from bot.telegram.webhook import Address
from bot.ui.i18n import load_i18n
from storage import StorageBusy
from tests.storage.servers import any_server, required, server

__all__ = ["any_server", "server"]

TIMEOUT_S = 60


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test may stop."""
    with running_server() as running:
        yield required(running)


def settings_for(server: Server, folder: Path) -> Settings:
    return Settings(
        bot_token=SecretStr("1:a"),
        database_url=server.new_database().render_as_string(),
        data_key=SecretStr(Fernet.generate_key().decode()),
        data_dir=folder,
    )


async def test_a_bot_waits_for_a_database_server_that_does_not_answer_yet(
    own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.startup.RECONNECT_SECONDS", 0.01)
    settings = settings_for(own_server, tmp_path)
    await asyncio.to_thread(own_server.stop)

    async def open_and_write() -> int:
        async with await_database(settings) as database:
            return (await database.users.seen(7, "ru")).id

    opening = asyncio.create_task(open_and_write())
    async with asyncio.timeout(TIMEOUT_S):
        while "change DATABASE_URL; trying again" not in caplog.text:
            assert not opening.done()
            await asyncio.sleep(0)
        await asyncio.to_thread(own_server.start)
        assert await opening == 7


async def test_a_replica_that_cannot_begin_for_a_while_tries_again(
    compiled_translations: None, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.replicas.TRY_SECONDS", 0.01)
    # Time enough to notice a loss of the database; there is none.
    monkeypatch.setattr("bot.replicas.NOTICE_SECONDS", 0.01)
    errors, begun = [StorageBusy("locked")], asyncio.Event()

    async def choose(*_arguments: object) -> None:
        if errors:
            raise errors.pop()
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.replicas.chosen_classifier", choose)
    port = free_port()
    own = (ip_network("127.0.0.0/8"),)
    address = Address(f"http://127.0.0.1:{port}/telegram", "a-secret-of-sixteen-or-more", "127.0.0.1", port, own, ())
    replica = Replica(settings_for(server, tmp_path), address, load_i18n(), Metrics(), PACE)
    running = asyncio.create_task(replica.run())
    beginning = asyncio.create_task(begun.wait())
    async with asyncio.timeout(TIMEOUT_S):
        await asyncio.wait([running, beginning], return_when=asyncio.FIRST_COMPLETED)
    assert begun.is_set() and not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
