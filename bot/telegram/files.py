"""Fetches files from Telegram into memory, within a time limit."""

import asyncio
import logging
from functools import partial
from pathlib import Path

from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import GetFile
from aiogram.types import File
from aiohttp import ClientError, ClientResponseError

from bot.results import Trouble
from bot.telegram.client import RetryingBot

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
# 20 MB at 350 kB a second, including retries and their pauses.
DOWNLOAD_SECONDS = 60.0
ASKING_SECONDS = 15

logger = logging.getLogger(__name__)


class NotFetched(Exception):
    """A file could not be fetched; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


async def fetch_file(bot: RetryingBot, file_id: str) -> bytes:
    """Fetch a file of at most 20 MB.

    Raises:
        NotFetched: it cannot be fetched, or not in time.
        AiogramError: Telegram is out of reach.
    """
    file = await _find(bot, file_id)
    if file.file_size is not None and file.file_size > MAX_DOWNLOAD_BYTES:
        raise NotFetched(Trouble.TOO_LARGE)
    if file.file_path is None:
        raise NotFetched(Trouble.EXPIRED)
    try:
        async with asyncio.timeout(DOWNLOAD_SECONDS):
            if file.file_path.startswith("/"):
                return await asyncio.to_thread(read_local, Path(file.file_path), bot.local_folder)
            return await bot.retries.run(partial(_download, bot, file.file_path), _pause, "download")
    except TimeoutError:
        raise NotFetched(Trouble.TOO_SLOW) from None
    except ClientResponseError as error:
        raise NotFetched(Trouble.UNAVAILABLE if _passes(error) else Trouble.EXPIRED) from None
    except ClientError:
        raise NotFetched(Trouble.UNAVAILABLE) from None


async def _find(bot: RetryingBot, file_id: str) -> File:
    """Telegram's entry of a file. "Temporarily unavailable" is tried again."""

    async def ask() -> File:
        try:
            return await bot(GetFile(file_id=file_id), request_timeout=ASKING_SECONDS)
        except (TelegramBadRequest, TelegramNotFound) as error:
            raise NotFetched(_trouble(error.message)) from None

    def pause(error: Exception, delay: float) -> float | None:
        return delay if isinstance(error, NotFetched) and error.trouble is Trouble.UNAVAILABLE else None

    return await bot.retries.run(ask, pause, "getFile")


def _trouble(message: str) -> Trouble:
    message = message.lower()
    if "too big" in message:
        return Trouble.TOO_LARGE
    # Telegram has one message for both cases: "wrong file_id or the file is temporarily unavailable".
    if "temporarily unavailable" in message or "file" not in message:
        return Trouble.UNAVAILABLE
    return Trouble.EXPIRED


def _pause(error: Exception, delay: float) -> float | None:
    return delay if isinstance(error, ClientError) and _passes(error) else None


def _passes(error: ClientError) -> bool:
    return not isinstance(error, ClientResponseError) or error.status >= 500 or error.status == 429


async def _download(bot: RetryingBot, path: str) -> bytes:
    content = bytearray()
    url = bot.session.api.file_url(bot.token, path)
    stream = bot.session.stream_content(url, timeout=int(DOWNLOAD_SECONDS), raise_for_status=True)
    try:
        async for chunk in stream:
            content += chunk
            # Never more than this is in memory, whatever size was announced.
            if len(content) > MAX_DOWNLOAD_BYTES:
                raise NotFetched(Trouble.TOO_LARGE)
    finally:
        await stream.aclose()
    return bytes(content)


def read_local(path: Path, folder: Path | None) -> bytes:
    """A file of a Bot API server in local mode, below `folder` on this machine's disk. Raises NotFetched."""
    if folder is None:
        logger.error("the Bot API server gives paths on its disk: set TELEGRAM_LOCAL_DIR to the folder of its files")
        raise NotFetched(Trouble.NOT_SET_UP)
    try:
        actual = path.resolve(strict=True)
        if not actual.is_relative_to(folder.resolve()):
            logger.error("the Bot API server gives a path outside of TELEGRAM_LOCAL_DIR: it is not read")
            raise NotFetched(Trouble.NOT_SET_UP)
        # Opening a named pipe would wait for its other end.
        if not actual.is_file():
            raise NotFetched(Trouble.NOT_SET_UP)
        with actual.open("rb") as file:
            content = file.read(MAX_DOWNLOAD_BYTES + 1)
    except OSError as error:
        logger.error("a file of the Bot API server cannot be read: %s", error.strerror)
        raise NotFetched(Trouble.UNAVAILABLE) from None
    if len(content) > MAX_DOWNLOAD_BYTES:
        raise NotFetched(Trouble.TOO_LARGE)
    return content
