"""Recorded updates are handled in their order, once, and again only after an interruption."""

import asyncio
from contextlib import suppress

import pytest
from aiogram.types import Update

from storage import Database
from storage.arrivals import Arrival
from tests.bot.telegram.taking import PHOTO, Handler, content, until_waiting


async def test_what_waits_is_handled_in_order_and_what_comes_later_is_heard_of(database: Database) -> None:
    for number in (3, 1, 2):
        await database.arrivals.add(number, 5, content(number))
    handler = Handler(database)
    handler.go.set()
    taking = handler.start()
    await handler.until([1, 2, 3])
    await database.arrivals.add(4, 5, content(4))
    await handler.until([1, 2, 3, 4])
    await until_waiting(database, [])
    taking.cancel()
    assert await handler.arriving.drain(60)


async def test_a_photo_is_kept_by_the_inbox_and_everything_else_until_it_is_handled(database: Database) -> None:
    await database.arrivals.add(1, 5, content(1, photo=PHOTO))
    await database.arrivals.add(2, 5, content(2))
    handler = Handler(database)
    taking = handler.start()
    await handler.until_begun([1, 2])
    await until_waiting(database, [2])
    # Nothing is taken up a second time.
    await database.arrivals.add(3, 5, content(3))
    await handler.until_begun([1, 2, 3])
    taking.cancel()
    assert not await handler.arriving.drain(0)
    # What was interrupted is handled by whoever comes next.
    successor = Handler(database)
    successor.go.set()
    taking = successor.start()
    await successor.until([2, 3])
    await until_waiting(database, [])
    taking.cancel()
    await successor.arriving.drain(60)


async def test_who_catches_up_has_recorded_the_photos_that_wait_before_any_is_answered(database: Database) -> None:
    for number in (1, 2, 3):
        await database.arrivals.add(number, 5, content(number, **({"photo": PHOTO} if number > 1 else {})))
    handler = Handler(database)
    await handler.arriving.catch_up()
    assert (sorted(handler.recorded), handler.handled) == ([2, 3], [])
    taking = handler.start()
    handler.go.set()
    await until_waiting(database, [])
    taking.cancel()
    await handler.arriving.drain(60)
    assert sorted(handler.handled) == [1, 2, 3]


async def test_what_nobody_can_read_is_counted_and_passed_over(database: Database) -> None:
    for number, what in ((1, b"no json"), (2, b"[]"), (3, content(3))):
        await database.arrivals.add(number, 5, what)
    handler = Handler(database)
    handler.go.set()
    taking = handler.start()
    await handler.until([3])
    await until_waiting(database, [])
    assert handler.passed_over == 2
    taking.cancel()
    await handler.arriving.drain(60)


async def test_of_an_update_that_cannot_be_parsed_the_photo_is_used(database: Database) -> None:
    await database.arrivals.add(1, 5, content(1, photo=PHOTO, entities="of next year"))
    handler = Handler(database)
    handler.go.set()
    taking = handler.start()
    await handler.until([1])
    assert handler.recorded == [1]
    taking.cancel()
    await handler.arriving.drain(60)


async def test_an_update_that_ends_while_the_others_are_read_is_not_handled_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, read = Handler(database), database.arrivals.waiting

    async def read_before_an_end(limit: int) -> list[Arrival]:
        found = await read(limit)
        if len(found) == 2:
            handler.go.set()
            while len(await read(limit)) == 2:
                pass
        return found

    monkeypatch.setattr(database.arrivals, "waiting", read_before_an_end)
    await database.arrivals.add(1, 5, content(1))
    taking = handler.start()
    await handler.until_begun([1])
    await database.arrivals.add(2, 5, content(2))
    await handler.until([1, 2])
    monkeypatch.undo()
    await until_waiting(database, [])
    taking.cancel()
    await handler.arriving.drain(60)
    assert handler.handled == [1, 2]


async def test_what_cannot_be_recorded_is_passed_over_and_does_not_come_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        await database.arrivals.add(number, 5, content(number))
    handler = Handler(database)
    handler.go.set()
    record = handler.arriving._record

    async def fail_once(update: Update, arrived: float) -> bool:
        if update.update_id == 1:
            raise RuntimeError("a value that nobody expected")
        return await record(update, arrived)

    monkeypatch.setattr(handler.arriving, "_record", fail_once)
    taking = handler.start()
    await handler.until([2])
    await until_waiting(database, [])
    assert handler.passed_over == 1
    taking.cancel()
    await handler.arriving.drain(60)


async def test_a_handler_that_swallows_a_cancellation_ends_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.supervisor.CANCEL_AGAIN_SECONDS", 0.01)
    await database.arrivals.add(1, 5, content(1))
    handler = Handler(database)

    async def swallow(_update: Update, _comes_again: bool) -> None:
        handler.begun.append(1)
        handler._tell()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    monkeypatch.setattr(handler.arriving, "_handle", swallow)
    taking = handler.start()
    await handler.until_begun([1])
    taking.cancel()
    async with asyncio.timeout(60):
        assert not await handler.arriving.drain(0)


async def test_no_more_are_handled_at_once_than_there_is_room_for(database: Database) -> None:
    for number in (1, 2, 3):
        await database.arrivals.add(number, 5, content(number))
    handler = Handler(database, at_once=2)
    taking = handler.start()
    await handler.until_begun([1, 2])
    handler.go.set()
    await handler.until([1, 2, 3])
    taking.cancel()
    await handler.arriving.drain(60)
