"""The watch over the calls for updates, with a simulated clock: which bot gives way, and when calls are made."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.methods import GetUpdates

from bot.errors import AlreadyRunning, StartupError
from bot.sandbox.errors import ApiError
from bot.sandbox.updates import UpdateQueue
from bot.telegram.polling import NEWCOMER_SECONDS, PollingWatch
from tests.bot import clock

BOT = Bot("1:token")
ASKING = GetUpdates(timeout=30)


class Receiver:
    """A receiver of updates, like aiogram, that runs until it must end."""

    def __init__(self, folder: Path) -> None:
        self.ended = asyncio.Event()
        # Nothing is written: the threads that write do not go by the clock.
        self.watch = PollingWatch(folder / "polling", self.ended.set)
        self.watch._signed_at = float("inf")

    async def receive(self, queue: UpdateQueue) -> None:
        async def ask(bot: Bot, method: Any) -> Any:
            try:
                return await queue.fetch(None, None, 30, None)
            except ApiError as error:
                raise TelegramConflictError(method, error.description) from None

        while True:
            await self.watch(ask, BOT, ASKING)


@pytest.mark.parametrize("age", [NEWCOMER_SECONDS, 3600.0])
def test_of_two_bots_on_one_token_the_second_gives_way_within_seconds(tmp_path: Path, age: float) -> None:
    async def scene() -> tuple[float, StartupError | None, StartupError | None]:
        queue, first, second = UpdateQueue(), Receiver(tmp_path), Receiver(tmp_path)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(first.receive(queue))]
            await asyncio.sleep(age)
            tasks.append(group.create_task(second.receive(queue)))
            await second.ended.wait()
            took = asyncio.get_running_loop().time() - age
            # With the second one gone, the first one's calls last.
            tasks[1].cancel()
            await asyncio.sleep(600)
            for each in tasks:
                each.cancel()
        return took, first.watch.error, second.watch.error

    took, first, second = clock.run(scene())
    assert took < 20
    assert first is None and isinstance(second, AlreadyRunning)


def asked(failures: list[Callable[[], Exception]], tmp_path: Path, seconds: float) -> tuple[list[float], PollingWatch]:
    """The times of calls for updates that fail with these errors, one after the other."""
    times: list[float] = []

    async def ask(bot: Bot, method: Any) -> Any:
        times.append(asyncio.get_running_loop().time())
        if failures:
            raise failures.pop(0)()
        await asyncio.Event().wait()

    async def scene() -> PollingWatch:
        watch = PollingWatch(tmp_path / "polling", lambda: None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await watch(ask, BOT, ASKING)
        return watch

    return times, clock.run(scene())


def test_telegrams_request_for_silence_is_kept_whatever_its_length(tmp_path: Path) -> None:
    def silence() -> Exception:
        return TelegramRetryAfter(ASKING, "Too Many Requests", 600)

    times, watch = asked([silence], tmp_path, 1000)
    assert times == [0, 600] and watch.error is None


def test_a_revoked_token_is_not_tried_again(tmp_path: Path) -> None:
    def revoked() -> Exception:
        return TelegramUnauthorizedError(ASKING, "Unauthorized")

    times, watch = asked([revoked] * 5, tmp_path, 1000)
    assert times == [0] and watch.error is not None and watch.error.exit_status == 2


def test_a_single_conflict_at_the_start_is_a_bot_that_was_just_stopping(tmp_path: Path) -> None:
    def conflict() -> Exception:
        return TelegramConflictError(ASKING, "Conflict")

    times, watch = asked([conflict], tmp_path, 1000)
    assert len(times) == 2 and watch.error is None
