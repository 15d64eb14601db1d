"""After a stop or a kill: what was under way is taken up again."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from aiogram import Bot

from bot.photos.albums import Incoming
from bot.photos.progress import delete_progress_message
from bot.photos.service import PhotoService
from storage.database import Database
from storage.records import Outcome, Request

logger = logging.getLogger(__name__)

# A bot cannot delete what is older.
DELETABLE = timedelta(hours=48)


async def release_unfinished(database: Database) -> list[Request]:
    """Requests that no process works on any more, free to be claimed. Call it before anything else claims."""
    unfinished = await database.requests.unfinished()
    await database.requests.release([each.id for each in unfinished if each.outcome is Outcome.WORKING])
    return unfinished


async def answer_unfinished(requests: list[Request], photo_service: PhotoService) -> None:
    """Answer requests left over from before, albums together, in the order they came."""
    if not requests:
        return
    logger.info("taking up %d unfinished request(s)", len(requests))
    albums: dict[tuple[int, str], list[Incoming]] = {}
    for request in requests:
        albums.setdefault(_album(request), []).append(Incoming(request))
    await asyncio.gather(*(photo_service.receive(album, accepted=True) for album in albums.values()))


async def explain(requests: list[Request], photo_service: PhotoService) -> None:
    """Give the explanations that are owed from before; one that fails keeps no other from being given."""
    for failure in await asyncio.gather(*map(photo_service.explain, requests), return_exceptions=True):
        if isinstance(failure, Exception):
            logger.error("an explanation is still owed, or cannot be given: %s", type(failure).__name__)


async def delete_stale_progress(bot: Bot, database: Database) -> None:
    """Take away progress messages whose requests were answered just before a stop or a kill."""
    notices: dict[tuple[int, int], list[Request]] = {}
    for request in await database.requests.outlived(datetime.now(UTC) - DELETABLE):
        if request.progress_message_id is not None:
            notices.setdefault((request.chat_id, request.progress_message_id), []).append(request)
    for (_chat_id, message_id), requests in notices.items():
        await delete_progress_message(bot, database, requests, message_id)


def _album(request: Request) -> tuple[int, str]:
    return request.chat_id, request.media_group_id or f"message {request.message_id}"
