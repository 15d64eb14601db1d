"""Recorded updates wait for a database or a Telegram that is out of reach, and none is lost."""

from pathlib import Path

import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import GetMe
from aiogram.types import Update

from storage import Database, StorageBusy
from storage.errors import StorageUnreachable, Superseded
from tests.bot.telegram.taking import PHOTO, Handler, content, until_waiting
from tests.locks import write_lock


@pytest.mark.parametrize("error", [StorageBusy("locked"), TelegramNetworkError(GetMe(), "gone")])
async def test_what_cannot_be_recorded_for_a_while_is_taken_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("bot.telegram.arriving.POLL_SECONDS", 0.01)
    await database.arrivals.add(1, 5, content(1, photo=PHOTO))
    handler = Handler(database)
    handler.go.set()
    record, failures = handler.arriving._record, [error]

    async def fail_first(update: Update, arrived: float) -> bool:
        if failures:
            raise failures.pop()
        return await record(update, arrived)

    monkeypatch.setattr(handler.arriving, "_record", fail_first)
    taking = handler.start()
    await handler.until([1])
    await until_waiting(database, [])
    assert handler.recorded == [1] and handler.passed_over == 0
    taking.cancel()
    await handler.arriving.drain(60)


@pytest.mark.parametrize("error", [StorageUnreachable("gone"), Superseded("another process")])
async def test_what_the_loss_of_the_database_interrupts_is_handled_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("bot.telegram.arriving.POLL_SECONDS", 0.01)
    await database.arrivals.add(1, 5, content(1))
    handler = Handler(database)
    handler.failures.append(error)
    handler.go.set()
    taking = handler.start()
    await handler.until([1])
    await until_waiting(database, [])
    assert (handler.begun, handler.comes_again) == ([1, 1], [True])
    taking.cancel()
    await handler.arriving.drain(60)


async def test_a_photo_that_is_recorded_is_not_handled_again(database: Database) -> None:
    await database.arrivals.add(1, 5, content(1, photo=PHOTO))
    handler = Handler(database)
    handler.failures.append(StorageUnreachable("gone"))
    handler.go.set()
    taking = handler.start()
    await handler.until_begun([1])
    await until_waiting(database, [])
    taking.cancel()
    await handler.arriving.drain(60)
    assert handler.comes_again == [False]


async def test_a_database_that_is_busy_delays_and_loses_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.retry.LONGEST_WAIT_S", 0.1)
    await database.arrivals.add(1, 5, content(1))
    handler = Handler(database)
    taking = handler.start()
    await handler.until_begun([1])
    async with write_lock(tmp_path / "bot.db"):
        handler.go.set()
        await handler.until([1])
    await until_waiting(database, [])
    taking.cancel()
    await handler.arriving.drain(60)
