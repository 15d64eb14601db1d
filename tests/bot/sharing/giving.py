"""From an answer to a share that somebody reads."""

import re
from datetime import UTC, datetime

from aiogram.types import Message

from bot.sharing.buttons import Kind, OfShared, Read, ShareFor
from storage.shares import Share as Shared
from tests.bot.moles.following import tap
from tests.bot.stage import EMMA, IVAN, Stage

STRANGER = 1003


async def link(stage: Stage, request_id: int, user: int = EMMA, days: int = 30) -> str:
    """What follows `/start` in the link to a result."""
    last = max(stage.sandbox.world.people[user].messages)
    await tap(stage, user, ShareFor(kind=Kind.RESULT, number=request_id, days=days).pack())
    return payload(await stage.until(lambda: sent_link(stage, user, last)))


def sent_link(stage: Stage, user: int, after: int) -> Message | None:
    said = [each for each in stage.heard(user) if each.message_id > after]
    return next((each for each in said if "start=share_" in (each.text or "")), None)


def payload(message: Message) -> str:
    found = re.search(r"start=(share_[\w-]+)", message.text or "")
    assert found is not None
    return found[1]


async def opened(stage: Stage, start: str, user: int = IVAN) -> Shared:
    """Follow a link and confirm; the share, once its content is shown."""
    offered = await stage.say(user, f"/start {start}", "health data" if user != IVAN else "сведения о здоровье")
    stage.press(offered, "Open it" if user != IVAN else "Открыть")
    await stage.until(lambda: has_buttons(stage, user, offered.message_id))
    [share, *_] = await stage.database.shares.received(user, datetime.now(UTC))
    return share


def has_buttons(stage: Stage, user: int, after: int) -> Message | None:
    """The last message of what is shown to a reader: the one with the button for a note."""
    heard = [each for each in stage.heard(user) if each.message_id > after]
    return next((each for each in heard if "shared:note" in str(each.reply_markup)), None)


def act(what: Read, share: Shared) -> str:
    return OfShared(act=what, share_id=share.id).pack()
