"""A steady stream of photos for a long time, with all kinds of faults."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.load import report
from benchmarks.load.crowd import Crowd
from benchmarks.load.session import Session, open_session
from bot.sandbox.client import Person

USERS = 40
ASKING = 2
ALBUMS = 0.1
FAULT_SECONDS = 15.0
KILLS = 6
TIMEOUT_SECONDS = 600.0
# After this time a process has loaded everything, and its memory should not grow.
SETTLED_SECONDS = 120.0
GROWTH_MB = 30.0
FAULTS: Sequence[dict[str, object]] = (
    {"kind": "429", "method": "sendPhoto", "retry_after": 2},
    {"kind": "500", "method": "sendMessage"},
    {"kind": "drop", "method": "sendPhoto"},
    {"kind": "drop", "method": "getUpdates"},
    {"kind": "drop_answer", "method": "getUpdates"},
    {"kind": "500", "method": "getFile"},
    {"kind": "drop", "method": "download"},
    {"kind": "drop_answer", "method": "download"},
    {"kind": "500", "method": "sendPhoto", "times": 3},
    {"kind": "429", "method": "sendMessage", "times": 3},
    # Telegram silences one chat for a while: the chat of the next message.
    {"kind": "429", "method": "sendPhoto", "retry_after": 20},
    {"kind": "garbled_answer", "method": "sendPhoto"},
    {"kind": "garbled_answer", "method": "sendMessage"},
    {"kind": "garbled_answer", "method": "getUpdates"},
    {"kind": "drip", "method": "download", "seconds": 20, "times": 3},
    {"kind": "slow", "method": "getFile", "seconds": 5, "times": 3},
    {"kind": "oversized", "method": "download", "surplus": 1000},
    {"kind": "file_expired", "method": "getFile", "times": 2},
    {"kind": "html", "method": "getUpdates", "times": 2},
)


async def run(minutes: float, rate: float, data: Path | None, seed: int, settings: dict[str, str]) -> bool:
    """Measure, print and publish. True if nothing was lost, doubled or unanswered, and no process grew.

    Args:
        minutes: how long people send.
        rate: messages with photos a second; one in ten is an album of two to ten.
        data, seed, settings: as in `burst.run`.
    """
    seconds = minutes * 60
    async with open_session(data, seed, settings) as session, asyncio.TaskGroup() as group:
        crowd = session.crowd
        people, askers = await crowd.gather(USERS), await crowd.gather(ASKING)
        await session.limit_messages()
        background = [
            *(group.create_task(crowd.keep_asking(each)) for each in askers),
            group.create_task(_keep_failing(session)),
            group.create_task(_keep_killing(session, seconds / (KILLS + 1))),
        ]
        restarting = [
            group.create_task(_restart(session, seconds / 3, session.bot.kill)),
            group.create_task(_restart(session, seconds * 2 / 3, session.bot.stop)),
        ]
        await _keep_sending(crowd, people, 1 / rate, seconds)
        await asyncio.gather(*restarting)
        for each in background:
            each.cancel()
        await session.chats.answered(session.chats.sent, TIMEOUT_SECONDS)
        # Doubled answers would arrive now.
        await asyncio.sleep(5)
        lost, doubled = report.faults(session.chats.sent)
        report.print_doubled(session.chats.sent)
        growth = {role: session.memory.growth(role, SETTLED_SECONDS) for role in ("bot", "workers")}
        good = lost == doubled == crowd.unanswered == 0 and max(growth.values()) < GROWTH_MB
        rows = [
            *report.of_photos(session.chats.sent),
            *report.of_chat(crowd),
            *report.of_process(session.memory, session.log),
            ("growth of one process, the bot / a worker", "{bot:+.1f} MB / {workers:+.1f} MB".format(**growth)),
            ("verdict", "nothing lost, nothing doubled, nobody silenced, no growth" if good else "FAILED"),
        ]
        report.publish("soak", f"{minutes:g} minutes, {rate:g} messages with photos a second, {KILLS} kills", rows)
        return good


async def _keep_sending(crowd: Crowd, people: Sequence[Person], mean_pause: float, seconds: float) -> None:
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        while time.monotonic() < until:
            photos = crowd.album_size() if crowd.chance(ALBUMS) else 1
            group.create_task(crowd.send(crowd.somebody(people), photos))
            await asyncio.sleep(crowd.pause(mean_pause))


async def _keep_failing(session: Session) -> None:
    while True:
        for fault in FAULTS:
            await asyncio.sleep(FAULT_SECONDS)
            await session.order_fault(**fault)


async def _keep_killing(session: Session, pause: float) -> None:
    while True:
        await asyncio.sleep(pause)
        for each in session.bot.workers()[:1]:
            os.kill(each.pid, signal.SIGKILL)


async def _restart(session: Session, after: float, end: Callable[[], object]) -> None:
    await asyncio.sleep(after)
    await asyncio.to_thread(end)
    session.bot.start()
