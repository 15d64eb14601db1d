"""A replica of the bot behind a webhook. Every replica records updates, and the active one handles them.

Several replicas with the same settings share a PostgreSQL database. The one that holds its lock is active. The others
are standbys, and one of them takes over when the active one ends. With SQLite there is only one replica.
"""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, suppress
from typing import Final

from aiogram.utils.i18n import I18n

from bot.composition import compose
from bot.errors import AlreadyRunning, DatabaseGone, StartupError
from bot.health import SIGN_OF_LIFE
from bot.operator.metrics import Metrics
from bot.operator.releases import chosen_classifier
from bot.settings import Settings
from bot.startup import attach_database, open_database, start_engine, uses_server
from bot.telegram.address import Address
from bot.telegram.rate_limit import Pace
from bot.telegram.registration import sign
from bot.telegram.webhook import Webhook
from storage.database import Database
from storage.errors import StorageError, StorageUnavailable

# How often a standby tries to become the active one.
TRY_SECONDS: Final = 1.0

# The loss of the database is noticed within this time.
NOTICE_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


class Replica:
    """One process of the bot.

    Args:
        settings: the same for all replicas, except ports and folders.
        address: of the webhook.
        i18n: the translations.
        metrics: also tell whether this replica is active.
        pace: how fast the bot may write to a chat.
    """

    def __init__(self, settings: Settings, address: Address, i18n: I18n, metrics: Metrics, pace: Pace) -> None:
        self._settings = settings
        self._address = address
        self._i18n = i18n
        self._metrics = metrics
        self._pace = pace
        self._stopped = asyncio.Event()
        self._is_serving = False

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises StartupError if the bot cannot run with these settings."""
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, self._stopped.set)
        settings = self._settings
        if not uses_server(settings):
            async with open_database(settings) as database:
                webhook = Webhook(self._address, database.arrivals, is_open=True)
                async with webhook.listening(settings.stop_seconds):
                    await self._lead(database, database)
            return
        async with attach_database(settings) as attached:
            webhook = Webhook(self._address, attached.arrivals, is_open=False)
            async with webhook.listening(settings.stop_seconds):
                await self._take_turns(attached, webhook)

    async def _take_turns(self, attached: Database, webhook: Webhook) -> None:
        """Be standby and active in turns, until stopped. It waits for a database server that does not answer."""
        while not self._stopped.is_set():
            async with AsyncExitStack() as stack:
                database = None
                try:
                    database = await stack.enter_async_context(open_database(self._settings))
                except AlreadyRunning:
                    await sign(self._settings.data_dir / SIGN_OF_LIFE)
                except DatabaseGone as error:
                    logger.warning("%s", error)
                else:
                    logger.info("this replica is active")
                if not webhook.is_open:
                    await _open(webhook, attached)
                if database is not None:
                    try:
                        await self._lead(database, attached)
                    except StorageUnavailable as error:
                        logger.error("the database does not serve now (%s), trying again", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(TRY_SECONDS):
                    await self._stopped.wait()

    async def _lead(self, database: Database, attached: Database) -> None:
        """Be active until stopped, or until the database is lost."""
        keeping = asyncio.create_task(database.keep(attached.arrivals.news))
        serving = asyncio.create_task(self._serve(database, attached))
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({keeping, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._is_serving:
                # After a stop it finishes what it is doing.
                await asyncio.wait({keeping, serving}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done() and not self._stopped.is_set():
                # The reason for its failure may be the loss of the database.
                await asyncio.wait({keeping}, timeout=NOTICE_SECONDS)
            is_lost = keeping.done()
            if is_lost:
                logger.error("the database is lost: another replica may be active from now on")
        finally:
            for each in (serving, stopping):
                each.cancel()
            [error] = await asyncio.gather(serving, return_exceptions=True)
            # Only now, because calls to Telegram need it.
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        if isinstance(error, Exception) and not is_lost:
            raise error

    async def _serve(self, database: Database, attached: Database) -> None:
        settings = self._settings
        chosen = await chosen_classifier(database.staff, settings.weights_dir)
        async with (
            start_engine(settings, chosen) as engine,
            compose(settings, database, engine, self._i18n, pace=self._pace, metrics=self._metrics) as application,
        ):
            self._is_serving = True
            try:
                await application.serve_arrivals(attached.arrivals, self._address, self._stopped)
            finally:
                self._is_serving = False


async def _open(webhook: Webhook, attached: Database) -> None:
    """Accept updates if the database can store them. Raises StartupError if it has another key."""
    try:
        await attached.admits()
    except StorageUnavailable as error:
        logger.info("updates cannot be recorded yet (%s)", error)
    except StorageError as error:
        raise StartupError(str(error)) from None
    else:
        webhook.is_open = True
