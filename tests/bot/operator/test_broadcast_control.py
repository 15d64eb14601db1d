"""Announcements under way: they can be paused, continued and cancelled by buttons."""

import asyncio

from aiogram.types import Message

from storage import DeliveryCounts
from storage.audit import Action
from tests.bot.operator.announcing import actions, finish
from tests.bot.stage import ADMIN, Stage


async def under_way(stage: Stage) -> Message:
    """The message of a broadcast to many of whom some have got it."""
    await stage.audience(*range(2001, 2201))
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    await stage.reply(2010, "A better model.")
    return await shown(stage, question, "📣 Sending")


async def shown(stage: Stage, question: Message, part: str) -> Message:
    """The progress message once it says so."""
    messages = stage.sandbox.world.people[ADMIN].messages

    def now() -> Message | None:
        message = messages[question.message_id]
        return message if part in (message.text or "") else None

    return await stage.until(now)


def received(stage: Stage) -> list[int]:
    return [stage.deliveries(reader, "A better model.") for reader in range(2001, 2201)]


async def settled(stage: Stage, broadcast_id: int) -> DeliveryCounts:
    """The counts once no delivery is on its way."""
    async with asyncio.timeout(20):
        while (counts := await stage.database.broadcasts.counts(broadcast_id)).sending:
            pass
    return counts


async def test_a_pause_holds_everything_and_afterwards_nobody_is_missed_or_doubled(stage: Stage) -> None:
    question = await under_way(stage)
    await stage.alert(ADMIN, stage.press(question, "⏸ Pause"))
    paused = await shown(stage, question, "⏸ Paused")
    (broadcast,) = await stage.database.broadcasts.latest(1)
    # Those that were on their way end, and no other begins.
    counts = await settled(stage, broadcast.id)
    assert 0 < counts.sent < 200 and sum(received(stage)) == counts.sent
    stage.press(paused, "▶️ Go on")
    await stage.until(lambda: stage.finished(question))
    assert received(stage) == [1] * 200
    await finish(stage)
    assert await actions(stage) == [Action.BROADCAST, Action.BROADCAST_PAUSE, Action.BROADCAST_RESUME]


async def test_a_pause_outlives_a_restart_and_ends_by_its_button(stage: Stage) -> None:
    question = await under_way(stage)
    stage.press(question, "⏸ Pause")
    paused = await shown(stage, question, "⏸ Paused")
    # What a restart does: all tasks end, and broadcasts under way are taken up.
    await stage.application.supervisor.stop()
    await stage.application.broadcaster.resume()
    assert await stage.database.broadcasts.running() == []
    stage.press(paused, "▶️ Go on")
    await stage.until(lambda: stage.finished(question))
    assert received(stage) == [1] * 200


async def test_cancelling_half_way_says_who_did_not_get_it(stage: Stage) -> None:
    question = await under_way(stage)
    stage.press(question, "Cancel")
    summary = await shown(stage, question, "cancelled half-way")
    assert not summary.reply_markup
    (broadcast,) = await stage.database.broadcasts.latest(1)
    counts = await settled(stage, broadcast.id)
    assert counts.pending > 0 and sum(received(stage)) == counts.sent
    await shown(stage, question, f"Received: {counts.sent} of 200\nNot sent: {counts.pending}")
    assert not await stage.application.broadcaster.stop(broadcast.id, ADMIN)
    assert await actions(stage) == [Action.BROADCAST, Action.BROADCAST_CANCEL]
