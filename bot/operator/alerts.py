"""Alerts: administrators get one message when a figure leaves its range, and one when it is back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.utils.i18n import I18n

from bot.operator.access import Access
from bot.operator.drift import Validation
from bot.operator.health import Fault, Health, examine
from bot.ui import health as ui
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.staff import Role

INTERVAL = timedelta(minutes=5)

logger = logging.getLogger(__name__)


class Alerts:
    """Checks the figures every few minutes, until cancelled.

    A fault is reported when two checks in a row find it, and is over when two in a row do not find it. So a short fault
    causes no message.
    """

    def __init__(
        self, bot: Bot, database: Database, access: Access, i18n: I18n, data_dir: Path, validation: Validation
    ) -> None:
        self._bot = bot
        self._database = database
        self._access = access
        self._i18n = i18n
        self._data_dir = data_dir
        self._validation = validation
        # None: this process has not looked yet. The database has what an earlier one reported.
        self._before: frozenset[Fault] | None = None

    async def keep_watching(
        self, look: Callable[[Database, Path, Validation], Awaitable[Health]] = examine, interval: timedelta = INTERVAL
    ) -> None:
        while True:
            try:
                await self._compare(await look(self._database, self._data_dir, self._validation))
            except (StorageUnavailable, OSError) as error:
                logger.warning("cannot look after the bot now: %s", type(error).__name__)
            await asyncio.sleep(interval.total_seconds())

    async def _compare(self, health: Health) -> None:
        noted = await self._database.alerts.notified()
        notified = frozenset(fault for fault in Fault if fault in noted)
        before = self._before if self._before is not None else notified
        began, gone = (health.faults & before) - notified, notified - health.faults - before
        self._before = health.faults
        if not began and not gone:
            return
        # Noted first: a kill in between leaves one message out, and none comes twice.
        await self._database.alerts.note(began, gone)
        for fault in sorted(began):
            logger.warning("out of its range: %s", fault)
        for fault in sorted(gone):
            logger.info("back in its range: %s", fault)
        for user_id in self._access.staff():
            if self._access.may(user_id, Role.ADMIN):
                await self._tell(user_id, ui.alert(health, began, gone))

    async def _tell(self, user_id: int, text: Callable[[], str]) -> None:
        user = await self._database.users.get(user_id)
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language if user else None)):
            try:
                await self._bot.send_message(user_id, text())
            except AiogramError as error:
                # Somebody who never wrote to the bot, or blocks it, cannot get messages.
                logger.warning("an alert did not reach one of the staff: %s", type(error).__name__)
