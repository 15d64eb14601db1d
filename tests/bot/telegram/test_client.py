"""Calls to Telegram survive temporary failures."""

import gc
import weakref

import pytest
from aiogram.methods import GetMyName

from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.telegram.client import RetryingBot, connect, open_session


@pytest.mark.parametrize("kind", ["429", "500", "502", "drop"])
async def test_a_call_outlasts_a_passing_failure(sandbox: Sandbox, bot: RetryingBot, kind: str) -> None:
    sandbox.world.faults.faults.append(Fault.model_validate({"kind": kind, "method": "getMe"}))
    assert (await bot.get_me()).is_bot


async def test_the_type_of_an_answer_is_made_once() -> None:
    session = open_session(None)
    bot = connect("1:token", session)

    def answer_type() -> weakref.ref[type]:
        return weakref.ref(type(session.check_response(bot, GetMyName(), 200, '{"ok": true, "result": {"name": "x"}}')))

    first = answer_type()
    gc.collect()
    assert first() is not None, "it was forgotten"
    assert first() is answer_type()()
