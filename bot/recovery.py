"""After a stop or a kill: what was under way is taken up again."""

import asyncio
import logging
from itertools import groupby

from bot.albums import Incoming
from bot.reception import Reception
from storage.database import Database
from storage.records import Outcome, Request

logger = logging.getLogger(__name__)


async def take_back(database: Database) -> list[Request]:
    """Requests that no process works on any more, free to be claimed. Call it before anything else claims."""
    unfinished = await database.requests.unfinished()
    for request in unfinished:
        if request.outcome is Outcome.WORKING:
            await database.requests.release(request.id)
    return unfinished


async def recover(requests: list[Request], reception: Reception) -> None:
    """Answer requests left over from before, albums together, everybody's in the order they came."""
    if not requests:
        return
    logger.info("taking up %d unfinished request(s)", len(requests))
    ordered = sorted(requests, key=_album)
    groups = [list(group) for _key, group in groupby(ordered, key=_album)]
    await asyncio.gather(*(reception.receive([Incoming(request) for request in group]) for group in groups))


def _album(request: Request) -> tuple[int, str]:
    return request.chat_id, request.media_group_id or f"message {request.message_id}"
