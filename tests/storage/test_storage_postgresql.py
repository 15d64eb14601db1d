"""PostgreSQL's own cases: a server that is gone, comes back, is locked or never existed."""

import asyncio
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, delete, event, make_url, text
from sqlalchemy.exc import DBAPIError

from benchmarks.load.servers import Server
from storage import Database, DatabaseInUse, StorageBusy, StorageError, StorageUnavailable, until_stored
from storage.connections import Transactions, create_engine
from storage.errors import ServerGone
from storage.migrate import downgrade, upgrade
from storage.tables import audit, metadata


@pytest.fixture
def server_url(server: Server) -> str:
    return server.new_database().render_as_string()


async def test_a_server_that_restarts_interrupts_but_loses_nothing(own_server: Server, key: bytes) -> None:
    database = await Database.open(own_server.new_database(), key)
    await database.users.seen(7, "ru")
    await asyncio.to_thread(own_server.stop)
    with pytest.raises(StorageUnavailable):
        await database.users.seen(8, "en")
    with pytest.raises(StorageUnavailable):
        await database.users.get(7)
    waiting = asyncio.create_task(until_stored(lambda: database.users.seen(9, "en")))
    await asyncio.to_thread(own_server.start)
    assert (await waiting).id == 9
    assert [await database.users.get(each) is not None for each in (7, 8, 9)] == [True, False, True]
    await database.close()


async def test_a_second_bot_on_one_database_is_told_so_in_one_line(server_url: str, key: bytes) -> None:
    first = await Database.open(server_url, key)
    with pytest.raises(DatabaseInUse, match=r"^another bot is running on the database test") as caught:
        await Database.open(server_url, key)
    assert "\n" not in str(caught.value)
    await first.close()
    await (await Database.open(server_url, key)).close()


async def test_a_lock_that_is_held_for_long_is_told_as_busy(server_url: str, key: bytes) -> None:
    database = await Database.open(server_url, key)
    other = create_engine(make_url(server_url))
    async with other.connect() as connection:
        await connection.execute(text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StorageBusy):
            await database.users.seen(7, "ru")
    await other.dispose()
    assert (await database.users.seen(7, "ru")).id == 7
    await database.close()


async def test_what_is_read_is_one_state_and_cannot_be_changed(server_url: str, key: bytes) -> None:
    database = await Database.open(server_url, key)
    await database.users.seen(7, "ru")
    async with database._transactions.read() as connection:
        before = (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one()
        await database.users.seen(8, "ru")
        assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == before == 1
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(text("DELETE FROM users"))
    await database.close()


@pytest.mark.parametrize(
    "change",
    [
        {"database": "absent"},
        {"query": {"host": "/nowhere"}},
        {"username": "stranger"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_a_server_that_does_not_let_us_in_is_told_in_one_line(
    server_url: str, key: bytes, change: dict[str, object]
) -> None:
    url = make_url(server_url).set(**change)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match=r"cannot be used .* change DATABASE_URL") as caught:
        await Database.open(url, key)
    assert "\n" not in str(caught.value)
    # Waiting helps only where no server answers.
    assert isinstance(caught.value, ServerGone) == ("query" in change)


async def test_a_connection_that_is_lost_while_it_is_made_is_no_error_that_nobody_knows(
    server_url: str, key: bytes
) -> None:
    lost = 0

    def connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        nonlocal lost
        lost += 1
        connection = dialect.connect(*arguments, **options)
        connection.driver_connection.terminate()
        return connection

    engine = create_engine(make_url(server_url))
    event.listen(engine.sync_engine, "do_connect", connect)
    transactions = Transactions(engine)
    with pytest.raises(StorageUnavailable):
        async with transactions.read():
            pass
    with pytest.raises(StorageUnavailable):
        async with transactions.write():
            pass
    await engine.dispose()
    before = lost
    event.listen(Engine, "do_connect", connect)
    try:
        with pytest.raises(ServerGone):
            await Database.open(server_url, key)
    finally:
        event.remove(Engine, "do_connect", connect)
    assert lost > before


async def test_migrations_go_up_down_and_up_to_the_tables_that_the_code_uses(server_url: str, key: bytes) -> None:
    url = make_url(server_url)
    engine = create_engine(url)

    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async def compared() -> object:
        async with engine.connect() as connection:
            return await connection.run_sync(differences)

    await asyncio.to_thread(upgrade, url, key)
    assert await compared() == []
    await asyncio.to_thread(downgrade, url, key, "base")
    assert await compared() != []
    await asyncio.to_thread(upgrade, url, key)
    assert await compared() == []
    await engine.dispose()


async def test_the_audit_log_only_grows(server_url: str, key: bytes) -> None:
    database = await Database.open(server_url, key)
    await database.staff.ban(1, 5)
    engine = create_engine(make_url(server_url))
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="only grows"):
            await connection.execute(delete(audit))
    await engine.dispose()
    await database.close()
