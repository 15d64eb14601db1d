"""A task that is cancelled in the middle of its work ends as cancelled, and leaves nothing behind."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from storage import Database

STEPS = 40

WORK: dict[str, Callable[[Database], Awaitable[object]]] = {
    "reading": lambda database: database.requests.unfinished(),
    "writing": lambda database: database.users.seen(1, "ru"),
    "wiping the log": lambda database: database.traces.wipe(),
    "erasing what is old": lambda database: database.retention.erase_older_than(timedelta(0)),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
async def test_work_that_is_cancelled_at_any_step_says_so(
    database: Database, backend: str, work: Callable[[Database], Awaitable[object]]
) -> None:
    cancelled = 0
    for steps in range(STEPS):
        task = asyncio.ensure_future(work(database))
        for _ in range(steps):
            await asyncio.sleep(0.0001)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
    # PostgreSQL has no log to wipe, and that takes no step.
    assert cancelled or (work is WORK["wiping the log"] and backend == "postgresql")
    # No connection was given back that fails at once where another program writes.
    connections = [await database._engine.connect() for _ in range(5)]
    setting = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}[backend]
    waits = [(await each.execute(text(setting))).scalar_one() for each in connections]
    for each in connections:
        await each.close()
    assert waits == [{"sqlite": 2000, "postgresql": "2s"}[backend]] * 5
    assert (await database.users.seen(2, "ru")).id == 2
