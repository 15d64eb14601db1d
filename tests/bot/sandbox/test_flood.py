"""Limits on how fast the bot may send, and how fast it does."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiohttp import ClientSession

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from bot.sandbox.errors import ApiError
from bot.sandbox.flood import TELEGRAM, FloodGate, FloodLimits, busiest_seconds
from tests.bot.sandbox.playing import EMMA, IVAN


async def test_flood_limits_answer_429_over_http(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person) -> None:
    async with http.post(f"{sandbox.base_url}/sim/flood", json={"overall": 30, "per_chat": 1}) as response:
        assert response.status == 200
    await bot.send_message(EMMA, "one")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(EMMA, "two")


def test_flood_limits_count_in_windows_of_a_second() -> None:
    gate = FloodGate()
    gate.limits = FloodLimits(overall=3, per_chat=1)
    gate.admit(1, 1, now=0.0)
    gate.admit(2, 1, now=0.5)
    with pytest.raises(ApiError, match="retry after 1"):
        gate.admit(1, 1, now=0.9)
    gate.admit(1, 1, now=1.0)
    gate.admit(3, 1, now=1.1)
    with pytest.raises(ApiError, match="Too Many Requests"):
        gate.admit(4, 1, now=1.2)
    gate.admit(4, 1, now=1.6)


def test_an_album_longer_than_the_limit_passes_alone() -> None:
    gate = FloodGate()
    gate.limits = FloodLimits(per_chat=1)
    gate.admit(1, 10, now=0.0)
    with pytest.raises(ApiError):
        gate.admit(1, 1, now=0.5)


def wait(gate: FloodGate, chat_id: int, now: float, messages: int = 1) -> int | None:
    """The seconds that a refusal asks to wait; None where the messages pass."""
    try:
        gate.admit(chat_id, messages, now)
    except ApiError as refusal:
        return refusal.retry_after
    return None


def test_a_chat_takes_a_burst_and_then_one_message_a_second() -> None:
    gate = FloodGate()
    gate.limits = TELEGRAM
    assert [wait(gate, EMMA, 0.0) for _ in range(4)] == [None, None, None, 1]
    assert [wait(gate, EMMA, at) for at in (1.0, 1.1, 2.0, 3.0)] == [None, 1, None, None]
    assert [wait(gate, EMMA, 60.0) for _ in range(4)] == [None, None, None, 1]
    assert wait(gate, IVAN, 60.0) is None


def test_a_group_takes_twenty_messages_a_minute() -> None:
    gate = FloodGate()
    gate.limits = FloodLimits(per_group_minute=20)
    assert [wait(gate, -5, float(at)) for at in range(20)] == [None] * 20
    assert wait(gate, -5, 20.0) == 40
    assert wait(gate, -6, 20.0) is None
    assert [wait(gate, EMMA, 20.0) for _ in range(30)] == [None] * 30
    assert wait(gate, -5, 60.0) is None


def test_a_refusal_asks_for_at_least_the_penalty() -> None:
    gate = FloodGate()
    gate.limits = FloodLimits(per_chat=1, penalty=300)
    assert wait(gate, EMMA, 0.0) is None
    assert wait(gate, EMMA, 0.5) == 300


def test_the_busiest_second_is_found_in_all_and_for_each_chat() -> None:
    calls = [(1, 0.0), (1, 0.4), (2, 0.9), (1, 1.2), (None, 1.3), (2, 5.0)]
    assert busiest_seconds(calls) == {"overall": 4, "chats": {1: 2, 2: 1}}
    assert busiest_seconds([]) == {"overall": 0, "chats": {}}


async def test_the_rates_of_the_bots_calls_can_be_asked_for(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "one")
    await bot.get_updates()
    rates = await emma.get("/sim/rates?method=sendMessage")
    assert rates == {"overall": 1, "chats": {str(EMMA): 1}}
