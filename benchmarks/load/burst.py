"""Many people send at the same moment. Meanwhile some keep asking for /help and /history."""

import asyncio
import random
from pathlib import Path

from benchmarks.load import report
from benchmarks.load.session import open_session

ASKING = 4
ALBUM = 10
CALM_SECONDS = 15.0
TIMEOUT_SECONDS = 1800.0


async def run(users: int, albums: int, data: Path | None, seed: int, settings: dict[str, str]) -> bool:
    """Measure, print and publish. Returns whether every photo was answered once, and every command was answered.

    Args:
        users: how many send at once.
        albums: how many of them send an album of ten.
        data: folder of photos; None for drawn ones.
        seed: of the random choices.
        settings: of the bot, in addition to its defaults.
    """
    async with open_session(data, seed, settings) as session, asyncio.TaskGroup() as group:
        crowd = session.crowd
        people, askers = await crowd.gather(users), await crowd.gather(ASKING)
        warm = [await crowd.send(each) for each in askers]
        await session.chats.answered(warm, TIMEOUT_SECONDS)
        # By then the other workers are ready, and the cost of joining is over.
        await asyncio.sleep(CALM_SECONDS)
        session.chats.sent.clear()
        await session.limit_messages()
        asking = [group.create_task(crowd.keep_asking(each)) for each in askers]
        sizes = [ALBUM] * albums + [1] * (users - albums)
        random.Random(seed).shuffle(sizes)
        sent = list(await asyncio.gather(*map(crowd.send, people, sizes)))
        await session.chats.answered(sent, TIMEOUT_SECONDS)
        for each in asking:
            each.cancel()
        await asyncio.sleep(1)
        rows = [
            *report.of_photos(sent),
            *report.of_turns(sent),
            *report.of_chat(crowd),
            *report.of_process(session.memory, session.log),
        ]
        drawn = "drawn pictures" if data is None else "photos"
        report.publish("burst", f"{users} people at once, {albums} of them with an album of ten, {drawn}", rows)
        report.print_doubled(sent)
        return report.faults(sent) == (0, 0) and crowd.unanswered == 0
