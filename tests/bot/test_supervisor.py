"""Tasks in the background: how they fail and how they end."""

import asyncio
import logging

import pytest

from bot.supervisor import Supervisor, all_or_none


async def test_the_supervisor_logs_failures_and_ends_what_still_runs(caplog: pytest.LogCaptureFixture) -> None:
    supervisor, ended = Supervisor(), asyncio.Event()

    async def fail() -> None:
        raise ValueError("broken")

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with caplog.at_level(logging.ERROR):
        supervisor.start(fail(), "failing")
        supervisor.start(last(), "lasting")
        await asyncio.sleep(0)
        await supervisor.stop()
    assert ended.is_set()
    assert "task 'failing' failed" in caplog.text
    assert "lasting" not in caplog.text


async def test_what_is_seen_through_ends_well_though_its_caller_and_the_supervisor_are_stopped() -> None:
    supervisor, steps = Supervisor(), []

    async def send_and_close() -> None:
        steps.append("send")
        await asyncio.sleep(0.05)
        steps.append("close")

    caller = asyncio.create_task(supervisor.run_to_completion(send_and_close()))
    await asyncio.sleep(0.01)
    caller.cancel()
    await supervisor.stop()
    assert caller.cancelled() and steps == ["send", "close"]


async def test_a_task_that_loses_its_cancellation_is_cancelled_again() -> None:
    supervisor, lost = Supervisor(), 0

    async def lose_the_first() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost == 2:
                    raise

    supervisor.start(lose_the_first(), "careless")
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await supervisor.stop()
    assert lost == 2


async def test_if_one_of_several_fails_the_others_do_not_go_on_alone() -> None:
    ended = asyncio.Event()

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("of one")

    with pytest.raises(ValueError, match="of one"):
        await all_or_none([go_on(), fail()])
    async with asyncio.timeout(60):
        await ended.wait()
