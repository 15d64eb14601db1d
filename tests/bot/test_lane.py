"""The lane of what is said about photos, by the clock."""

import asyncio
import time

from bot.lane import MESSAGES_PER_SECOND, Kind, Lane


async def test_places_go_before_answers_and_these_before_other_progress_and_albums_have_room_around_them() -> None:
    lane, order, began = Lane(), [], time.monotonic()

    async def send(name: str, kind: Kind, messages: int = 1) -> None:
        await lane.turn(kind, messages)
        order.append((name, time.monotonic() - began))

    given_up = asyncio.create_task(send("given up", Kind.ANSWER))
    kinds = [Kind.PROGRESS] + [Kind.ANSWER] * 4 + [Kind.PLACE] * 8
    waiting = [asyncio.create_task(send(kind.name, kind)) for kind in kinds]
    waiting.append(asyncio.create_task(send("album", Kind.ANSWER, 5)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(*waiting)
    names = [name for name, _at in order]
    assert names[:11].count("PLACE") == 8 and names[-1] == "album"
    assert names.index("PROGRESS") > names.index("ANSWER")
    at = [when for _name, when in order]
    assert at[-2] - at[0] >= 12 / MESSAGES_PER_SECOND - 0.01
    assert at[-1] - at[-2] >= 5 / MESSAGES_PER_SECOND - 0.01
