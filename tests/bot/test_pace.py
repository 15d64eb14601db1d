"""The pace of broadcasts, by a clock of its own."""

import asyncio

from bot.telegram.pace import Pace
from bot.telegram.rate_limit import Kind, Lane
from tests.bot import clock

TURN = 1 / 25
HAIR = 1e-6


def test_turns_of_different_chats_are_a_25th_of_a_second_apart() -> None:
    async def scene() -> float:
        pace = Pace(Lane())
        for chat in range(11):
            await pace.turn(chat)
        return asyncio.get_running_loop().time()

    assert 10 * TURN - HAIR < clock.run(scene()) < 11 * TURN


def test_turns_of_one_chat_are_a_second_apart_whoever_asks() -> None:
    async def scene() -> float:
        pace = Pace(Lane())
        await asyncio.gather(*(pace.turn(7) for _ in range(3)))
        return asyncio.get_running_loop().time()

    assert 2 - HAIR < clock.run(scene()) < 2.1


def test_time_not_used_is_not_made_up_for() -> None:
    async def scene() -> float:
        pace = Pace(Lane())
        await pace.turn(0)
        await asyncio.sleep(0.5)
        for chat in range(1, 7):
            await pace.turn(chat)
        return asyncio.get_running_loop().time()

    assert clock.run(scene()) >= 0.5 + 5 * TURN - HAIR


def test_a_pause_holds_up_even_those_who_wait_already_for_their_time_or_in_the_lane() -> None:
    async def scene(chat: int, before_in_lane: int) -> float:
        lane = Lane()
        pace = Pace(lane)
        await pace.turn(1)
        others = [asyncio.create_task(lane.turn(Kind.ANSWER)) for _ in range(before_in_lane)]
        waiting = asyncio.create_task(pace.turn(chat))
        await asyncio.sleep(0)
        pace.pause(5)
        await asyncio.gather(waiting, *others)
        return asyncio.get_running_loop().time()

    for chat, before_in_lane in ((1, 0), (2, 0), (2, 20)):
        assert 5 - HAIR < clock.run(scene(chat, before_in_lane)) < 5.1
