"""Temporary failures are retried after growing pauses, with a simulated clock."""

import asyncio
from collections.abc import Callable

import pytest

from bot.telegram.retries import DEFAULT_RETRIES
from tests.bot import clock


def attempts(
    failures: int, pause: Callable[[Exception, float], float | None] = lambda error, delay: delay
) -> list[float]:
    """The times of the attempts in seconds, if the first `failures` of them fail."""
    times: list[float] = []

    async def attempt() -> str:
        times.append(asyncio.get_running_loop().time())
        if len(times) <= failures:
            raise ValueError("broken")
        return "done"

    async def scene() -> None:
        assert await DEFAULT_RETRIES.run(attempt, pause, "a call") == "done"

    try:
        clock.run(scene())
    except ValueError:
        times.append(float("inf"))
    return times


def test_pauses_double_from_half_a_second_to_sixteen() -> None:
    assert attempts(6) == pytest.approx([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5])


def test_the_seventh_failure_is_raised() -> None:
    assert attempts(7) == pytest.approx([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, float("inf")])


def test_an_error_that_is_there_to_stay_is_raised_at_once() -> None:
    assert attempts(1, lambda error, delay: None) == [0, float("inf")]


def test_an_error_may_ask_for_a_pause_of_its_own() -> None:
    assert attempts(2, lambda error, delay: 3.0) == pytest.approx([0, 3, 6])
