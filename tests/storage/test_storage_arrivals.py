"""Updates that came by webhook: each is kept once, until it is handled or its author is erased."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from benchmarks.load.servers import Server
from storage import Database, StorageBusy, StorageError, postgresql
from storage.arrivals import Arrival
from storage.errors import Superseded
from storage.running_tables import arrivals


async def test_updates_wait_in_the_order_of_their_numbers_until_they_are_handled(database: Database) -> None:
    for number in (12, 10, 11):
        await database.arrivals.add(number, 5, b"%d" % number)
    assert [each.update_id for each in await database.arrivals.waiting(2)] == [10, 11]
    await database.arrivals.handled(10)
    assert await database.arrivals.waiting(10) == [Arrival(11, b"11"), Arrival(12, b"12")]


async def test_an_update_that_comes_again_is_known_also_after_it_was_handled(database: Database) -> None:
    await database.arrivals.add(10, 5, b"first")
    await database.arrivals.add(10, 5, b"again")
    assert await database.arrivals.waiting(10) == [Arrival(10, b"first")]
    await database.arrivals.handled(10)
    await database.arrivals.add(10, 5, b"again")
    assert await database.arrivals.waiting(10) == []


async def test_of_what_is_handled_the_number_alone_stays_and_for_a_day(database: Database) -> None:
    for number in (10, 11):
        await database.arrivals.add(number, 5, b"a message")
    await database.arrivals.handled(10)
    async with database._transactions.read() as connection:
        [row] = (await connection.execute(select(arrivals).where(arrivals.c.update_id == 10))).all()
    assert (row.content, row.person_id) == (None, None)
    await database.arrivals.forget_old()
    assert await numbers(database) == [10, 11]
    async with database._transactions.write() as connection:
        long_ago = row.arrived_at - timedelta(days=1)
        await connection.execute(update(arrivals).values(arrived_at=long_ago))
    await database.arrivals.forget_old()
    # What is not handled is not forgotten, however long it waits.
    assert await numbers(database) == [11]


async def test_what_somebody_has_written_goes_with_their_data(database: Database) -> None:
    for number, person in ((10, 5), (11, 6)):
        await database.users.seen(person, "en")
        await database.arrivals.add(number, person, b"a message")
    await database.users.delete(5)
    assert [each.update_id for each in await database.arrivals.waiting(10)] == [11]


async def test_content_that_cannot_be_decrypted_is_told_and_does_not_hold_up_others(database: Database) -> None:
    for number in (10, 11):
        await database.arrivals.add(number, 5, b"a message")
    async with database._transactions.write() as connection:
        moved = select(arrivals.c.content).where(arrivals.c.update_id == 11).scalar_subquery()
        await connection.execute(update(arrivals).where(arrivals.c.update_id == 10).values(content=moved))
    assert await database.arrivals.waiting(10) == [Arrival(10, None), Arrival(11, b"a message")]


async def test_who_is_attached_records_beside_the_owner_who_hears_of_it(server: Server, key: bytes) -> None:
    url = server.new_database()
    attached = await Database.attach(url, key)
    with pytest.raises(StorageBusy, match="no such tables"):
        await attached.admits()
    owner = await Database.open(url, key)
    await attached.admits()
    stranger = await Database.attach(url, Fernet.generate_key())
    with pytest.raises(StorageError, match="another key"):
        await stranger.admits()
    news = asyncio.Event()
    keeping = asyncio.create_task(owner.keep(news))
    await owner.confirmed()
    await attached.arrivals.add(10, 5, b"a message")
    async with asyncio.timeout(60):
        await news.wait()
    assert await owner.arrivals.waiting(10) == [Arrival(10, b"a message")]
    keeping.cancel()
    for each in (attached, stranger, owner):
        await each.close()


async def test_who_has_lost_the_database_may_do_nothing_and_write_nothing(server: Server, key: bytes) -> None:
    url = server.new_database()
    first = await Database.open(url, key)
    keeping = asyncio.create_task(first.keep(asyncio.Event()))
    await first.confirmed()
    await first.users.seen(7, "en")
    # As a restart of the server or a broken network does, without a word to the owner.
    async with first._transactions.read() as connection:
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    async with asyncio.timeout(60):
        await keeping
    second = await Database.open(url, key)
    with pytest.raises(Superseded):
        await first.users.seen(8, "en")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await first.confirmed()
    await second.users.seen(9, "en")
    assert [await second.users.get(each) is not None for each in (7, 8, 9)] == [True, False, True]
    for each in (first, second):
        await each.close()


async def test_an_owner_waits_until_the_one_before_can_do_nothing_more(
    server: Server, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(server.new_database(), key)
    keeping = asyncio.create_task(database.keep(asyncio.Event()))
    monkeypatch.setattr(postgresql, "LEASE_S", 60.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await database.confirmed()
    monkeypatch.undo()
    async with asyncio.timeout(60):
        await database.confirmed()
    keeping.cancel()
    await database.close()


async def numbers(database: Database) -> list[int]:
    async with database._transactions.read() as connection:
        return list((await connection.execute(select(arrivals.c.update_id).order_by(arrivals.c.update_id))).scalars())
