"""Fetching of files from Telegram, into memory."""

import io

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiohttp import ClientError, ClientResponseError

from bot.telegram.client import RetryingBot

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


class FileTooLarge(Exception):
    """The file is over the 20 MB that Telegram lets a bot download."""


class FileExpired(Exception):
    """Telegram no longer gives the file out."""


async def fetch_file(bot: RetryingBot, file_id: str) -> bytes:
    """Download a file. Raises FileTooLarge or FileExpired, and what `bot` raises where Telegram cannot be asked."""
    try:
        return await bot.retries.run(lambda: _fetch_once(bot, file_id), _pause, "download")
    except (ClientError, TimeoutError):
        raise FileExpired from None


def _pause(error: Exception, delay: float) -> float | None:
    return delay if isinstance(error, ClientError | TimeoutError) else None


async def _fetch_once(bot: Bot, file_id: str) -> bytes:
    try:
        file = await bot.get_file(file_id)
    except (TelegramBadRequest, TelegramNotFound) as error:
        if "too big" in error.message:
            raise FileTooLarge from None
        raise FileExpired from None
    if file.file_path is None:
        raise FileExpired
    if file.file_size is not None and file.file_size > MAX_DOWNLOAD_BYTES:
        raise FileTooLarge
    content = io.BytesIO()
    try:
        await bot.download_file(file.file_path, content)
    except ClientResponseError as error:
        if error.status < 500:
            raise FileExpired from None
        raise
    return content.getvalue()
