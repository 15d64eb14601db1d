"""A new sandbox with a bot that remembers the old one."""

from bot.sandbox import Sandbox
from bot.sandbox.people import People
from tests.bot.sandbox.playing import PEOPLE


async def test_message_numbers_of_an_earlier_sandbox_do_not_come_again() -> None:
    async with Sandbox(people=PEOPLE) as sandbox:
        first = People(sandbox.world).write(1001, "hello").message_id
    assert first > 1_000_000
    async with Sandbox(people=PEOPLE) as sandbox:
        assert People(sandbox.world).write(1001, "hello").message_id >= first
