"""Photos that were answered before, and the steps from there to a mole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from aiogram.types import Message

from bot.moles.buttons import AddTo, Follow
from bot.photos.asked import received
from bot.results import to_stored
from bot.samples import sample
from bot.ui.buttons import keyboard
from inference.analysis import Risk
from inference.engine.engine import Engine
from storage.records import Mole, Outcome
from tests.bot.examinations import ExaminingPool
from tests.bot.examples import result_for
from tests.bot.stage import Stage, open_stage


@asynccontextmanager
async def stage_with_moles(folder: Path) -> AsyncIterator[tuple[Stage, ExaminingPool]]:
    pool = ExaminingPool()
    async with open_stage(folder, Engine(pool)) as stage:
        yield stage, pool


async def answered(stage: Stage, user: int, risk: Risk = Risk.LOW, unique: str | None = None) -> int:
    """The number of a request that was answered before; Telegram has its file."""
    await stage.audience(user)
    [sent] = await stage.people.send_photos(user, [sample("mole")], None)
    await stage.reply(user, "", after=sent.message_id)
    # A word about the progress may come first.
    async with asyncio.timeout(20):
        while await stage.database.requests.unfinished():
            pass
    known = asdict(received(sent)) | {"message_id": 10_000 + sent.message_id}
    known["file_unique_id"] = unique or f"unique {sent.message_id}"
    request, _ = await stage.database.requests.record(**known)
    await stage.database.requests.complete(request.id, Outcome.ANSWERED, to_stored(result_for("nv", risk), None), None)
    return request.id


async def tap(stage: Stage, user: int, data: str) -> str:
    """Press a button with this data, under a message of one's own."""
    shown = await stage.bot.send_message(user, "an answer", reply_markup=keyboard([("a button", data)]))
    return stage.people.press(user, shown.message_id, data).callback_query_id


async def follow(stage: Stage, user: int, request_id: int) -> Message:
    """Press "Follow this mole"; returns the question which mole it is."""
    last = max(stage.sandbox.world.people[user].messages)
    await tap(stage, user, Follow(request_id=request_id).pack())
    words = "Which mole is in this photo?" if user != 1002 else "Какая родинка на этом фото?"
    return await stage.reply(user, words, after=last)


async def begun(stage: Stage, user: int, request_id: int) -> Mole:
    """A new mole with this photo, once the bot asks for its name."""
    last = max(stage.sandbox.world.people[user].messages)
    await tap(stage, user, AddTo(request_id=request_id, mole_id=0).pack())
    await stage.reply(user, "Tap the number" if user != 1002 else "Нажмите номер", after=last)
    return (await stage.database.moles.of_user(user))[-1]
