"""The pace of bulk sending, by the clock."""

import asyncio
import time

from bot.pace import Pace


async def test_turns_of_different_chats_are_a_25th_of_a_second_apart() -> None:
    pace = Pace()
    turns = []
    for chat in range(11):
        await pace.turn(chat)
        turns.append(time.monotonic())
    assert 0.39 <= turns[-1] - turns[0] < 2


async def test_turns_of_one_chat_are_a_second_apart_whoever_asks() -> None:
    pace = Pace()
    began = time.monotonic()
    await asyncio.gather(*(pace.turn(7) for _ in range(3)))
    assert 1.99 <= time.monotonic() - began < 5


async def test_time_not_used_is_not_made_up_for() -> None:
    pace = Pace()
    await pace.turn(0)
    await asyncio.sleep(0.5)
    began = time.monotonic()
    for chat in range(1, 7):
        await pace.turn(chat)
    assert time.monotonic() - began >= 0.19


async def test_a_pause_holds_up_even_those_who_wait_already() -> None:
    pace = Pace()
    await pace.turn(1)
    waiting = asyncio.create_task(pace.turn(2))
    await asyncio.sleep(0)
    began = time.monotonic()
    pace.pause(0.5)
    await waiting
    assert 0.49 <= time.monotonic() - began < 3
