"""A stop waits for what is being handled, but not for ever."""

import asyncio

from aiogram.types import Update

from bot.middlewares.in_flight import InFlight

UPDATE = Update(update_id=1)


async def test_a_stop_waits_for_updates_under_way() -> None:
    in_flight, release = InFlight(), asyncio.Event()

    async def handler(event: object, data: object) -> str:
        await release.wait()
        return "done"

    handling = asyncio.create_task(in_flight(handler, UPDATE, {}))
    asyncio.get_running_loop().call_later(0.05, release.set)
    await asyncio.sleep(0)
    assert await in_flight.drain(5)
    assert await handling == "done"
    assert await in_flight.drain(0)


async def test_a_stop_does_not_wait_for_ever() -> None:
    in_flight = InFlight()

    async def handler(event: object, data: object) -> None:
        await asyncio.Event().wait()

    handling = asyncio.create_task(in_flight(handler, UPDATE, {}))
    await asyncio.sleep(0)
    assert not await in_flight.drain(0.01)
    assert handling.cancelled()
