"""The rate limiter for broadcasts, by a clock of its own."""

import asyncio

from bot.telegram.rate_limit import BulkRateLimiter, MessageKind, RateLimiter
from tests.bot import clock

TURN = 1 / 25
HAIR = 1e-6


def test_turns_of_different_chats_are_a_25th_of_a_second_apart() -> None:
    async def scene() -> float:
        bulk = BulkRateLimiter(RateLimiter())
        for chat in range(11):
            await bulk.acquire(chat)
        return asyncio.get_running_loop().time()

    assert 10 * TURN - HAIR < clock.run(scene()) < 11 * TURN


def test_turns_of_one_chat_are_a_second_apart_whoever_asks() -> None:
    async def scene() -> float:
        bulk = BulkRateLimiter(RateLimiter())
        await asyncio.gather(*(bulk.acquire(7) for _ in range(3)))
        return asyncio.get_running_loop().time()

    assert 2 - HAIR < clock.run(scene()) < 2.1


def test_time_not_used_is_not_made_up_for() -> None:
    async def scene() -> float:
        bulk = BulkRateLimiter(RateLimiter())
        await bulk.acquire(0)
        await asyncio.sleep(0.5)
        for chat in range(1, 7):
            await bulk.acquire(chat)
        return asyncio.get_running_loop().time()

    assert clock.run(scene()) >= 0.5 + 5 * TURN - HAIR


def test_a_pause_holds_up_even_those_who_wait_already_for_their_time_or_in_its_queue() -> None:
    async def scene(chat: int, ahead: int) -> float:
        rate_limiter = RateLimiter()
        bulk = BulkRateLimiter(rate_limiter)
        await bulk.acquire(1)
        others = [asyncio.create_task(rate_limiter.acquire(MessageKind.ANSWER)) for _ in range(ahead)]
        waiting = asyncio.create_task(bulk.acquire(chat))
        await asyncio.sleep(0)
        bulk.pause(5)
        await asyncio.gather(waiting, *others)
        return asyncio.get_running_loop().time()

    for chat, ahead in ((1, 0), (2, 0), (2, 20)):
        assert 5 - HAIR < clock.run(scene(chat, ahead)) < 5.1
