"""Recovery: continues unfinished work after a stop or a kill."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiogram import Bot

from bot.photos.albums import Albums, Incoming
from bot.photos.explaining import Explainer
from bot.photos.progress import delete_progress_message
from bot.photos.service import PhotoService
from bot.results import Result, Trouble
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import Outcome, Request

logger = logging.getLogger(__name__)

# A bot cannot delete older messages.
DELETABLE = timedelta(hours=48)


@dataclass(frozen=True)
class Leftover:
    """Unfinished work of an earlier process: unread requests, and those whose answer may have been sent."""

    unread: list[Request]
    interrupted: list[Request]


async def release_unfinished(database: Database) -> Leftover:
    """Release the requests of an earlier process, so that the unread ones can be claimed.

    Call it before anything else claims requests. If only an apology may have been sent, the photo is analysed again.
    """
    unfinished = await database.requests.unfinished()
    interrupted = [each for each in unfinished if _may_be_answered(each)]
    unread = [each for each in unfinished if not _may_be_answered(each)]
    if lost := sum(not each.is_readable for each in unfinished):
        logger.error(
            "%d of %d unfinished requests cannot be decrypted: their senders get an apology", lost, len(unfinished)
        )
    await database.requests.take_back([each.id for each in unread])
    await database.requests.release([each.id for each in unread])
    return Leftover(unread, interrupted)


async def answer_unfinished(requests: list[Request], photo_service: PhotoService, albums: Albums) -> None:
    """Answer leftover requests; those of an album together, also with its photos that come only now."""
    if not requests:
        return
    logger.info("continuing %d unfinished request(s)", len(requests))
    await asyncio.gather(*(_receive(each, photo_service, albums) for each in requests))


async def _receive(request: Request, photo_service: PhotoService, albums: Albums) -> None:
    # The service repeats it if the database is unavailable.
    with suppress(StorageUnavailable):
        await photo_service.receive(await albums.gather(Incoming(request)), accepted=True)


async def settle_interrupted(requests: list[Request], photo_service: PhotoService) -> None:
    """Offer the results of answers that may have been sent before a kill, albums together."""
    if not requests:
        return
    logger.warning("%d request(s) were being answered when the process ended", len(requests))
    await asyncio.gather(*map(photo_service.settle_interrupted, _albums(requests)))


async def explain(requests: list[Request], explainer: Explainer) -> None:
    """Give the explanations that were asked for earlier. If one fails, the others are still given."""
    for failure in await asyncio.gather(*map(explainer.explain, requests), return_exceptions=True):
        if isinstance(failure, Exception):
            logger.error("an explanation cannot be given: %s", type(failure).__name__)


async def delete_stale_progress(bot: Bot, database: Database) -> None:
    """Delete progress messages whose requests were answered just before a stop or a kill."""
    notices: dict[tuple[int, int], list[Request]] = {}
    for request in await database.requests.outlived(datetime.now(UTC) - DELETABLE):
        if request.progress_message_id is not None:
            notices.setdefault((request.chat_id, request.progress_message_id), []).append(request)
    for (_chat_id, message_id), requests in notices.items():
        await delete_progress_message(bot, database, requests, message_id)


def _albums(requests: list[Request]) -> list[list[Request]]:
    albums: dict[tuple[int, str], list[Request]] = {}
    for request in requests:
        album = request.media_group_id or f"message {request.message_id}"
        albums.setdefault((request.chat_id, album), []).append(request)
    return list(albums.values())


def _may_be_answered(request: Request) -> bool:
    if request.outcome is not Outcome.SENDING or request.result is None:
        return False
    return not isinstance(Result.stored(request.result).reason, Trouble)
