"""Somebody who handles recorded updates, as it is told to."""

import asyncio
import json
from typing import Any

from aiogram import Bot
from aiogram.types import Update

from bot.telegram.arriving import Arriving
from storage import Database

PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]


def content(number: int, **message: Any) -> bytes:
    emma = {"id": 5, "is_bot": False, "first_name": "Emma"}
    chat = {"id": 5, "type": "private"}
    said = {"message_id": number, "date": 1, "chat": chat, "from": emma, **(message or {"text": "hello"})}
    return json.dumps({"update_id": number, "message": said}).encode()


class Handler:
    """Records photos, and handles when it may."""

    def __init__(self, database: Database, at_once: int = 100) -> None:
        self.recorded: list[int] = []
        self.begun: list[int] = []
        self.handled: list[int] = []
        self.comes_again: list[bool] = []
        self.failures: list[Exception] = []
        self.passed_over = 0
        self.go = asyncio.Event()
        self._next = asyncio.Event()
        self.arriving = Arriving(
            Bot("1:a"),
            database.arrivals,
            record=self._record,
            handle=self._handle,
            passed_over=self._pass_over,
            at_once=at_once,
        )

    def start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.arriving.keep_taking())

    async def until(self, numbers: list[int]) -> None:
        """Wait until these are handled, in this order."""
        async with asyncio.timeout(60):
            while self.handled != numbers:
                await self._next.wait()

    async def until_begun(self, numbers: list[int]) -> None:
        async with asyncio.timeout(60):
            while sorted(self.begun) != numbers:
                await self._next.wait()

    def _tell(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def _record(self, update: Update, _arrived: float) -> bool:
        is_photo = update.message is not None and update.message.photo is not None
        if is_photo:
            self.recorded.append(update.update_id)
        return is_photo

    async def _handle(self, update: Update, comes_again: bool) -> None:
        self.begun.append(update.update_id)
        self._tell()
        await self.go.wait()
        if self.failures:
            self.comes_again.append(comes_again)
            raise self.failures.pop()
        self.handled.append(update.update_id)
        self._tell()

    def _pass_over(self) -> None:
        self.passed_over += 1


async def until_waiting(database: Database, numbers: list[int]) -> None:
    async with asyncio.timeout(60):
        while [each.update_id for each in await database.arrivals.waiting(100)] != numbers:
            pass
