"""The running bot: starts its tasks, handles updates, and finishes its work at a stop."""

import asyncio
import logging
from dataclasses import dataclass

from aiogram import Dispatcher
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import GetUpdates
from aiogram.types import Update
from aiogram.utils.i18n import I18n

from bot.follow_ups.asking import Asking
from bot.health import SIGN_OF_LIFE
from bot.learning.keeping import PoolKeeper
from bot.middlewares.in_flight import InFlight
from bot.moles.reminders import Reminding
from bot.operator.access import Access
from bot.operator.alerts import Alerts
from bot.operator.broadcasts import Broadcaster
from bot.operator.digest import DigestSender
from bot.operator.drift import Validation
from bot.operator.loop_delay import log_loop_delay
from bot.operator.metrics import Metrics
from bot.operator.retention import keep_erasing
from bot.operator.retraining import Retrainer
from bot.operator.trials import Trials
from bot.photos.albums import Albums
from bot.photos.explaining import Explainer
from bot.photos.inbox import Inbox
from bot.photos.recovery import (
    Leftover,
    answer_unfinished,
    delete_stale_progress,
    explain,
    release_unfinished,
    settle_interrupted,
)
from bot.photos.service import PhotoService
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.telegram.address import Address
from bot.telegram.arriving import Arriving
from bot.telegram.client import RetryingBot
from bot.telegram.polling import PollingWatch
from bot.telegram.rate_limit import RateLimiter
from bot.telegram.registration import Registration
from bot.ui.commands import publish_profile
from inference.engine.engine import Engine
from storage.arrivals import Arrivals
from storage.database import Database
from storage.errors import DATABASE_LOST

logger = logging.getLogger(__name__)

POLL_SECONDS = 30
# How many updates are handled at once besides waiting photos. Telegram keeps further updates for a while.
OTHER_UPDATES = 1000


@dataclass(frozen=True)
class Application:
    """The parts of a running bot, wired together."""

    settings: Settings
    database: Database
    engine: Engine
    i18n: I18n
    bot: RetryingBot
    dispatcher: Dispatcher
    access: Access
    inbox: Inbox
    albums: Albums
    in_flight: InFlight
    supervisor: Supervisor
    watch: PollingWatch
    rate_limiter: RateLimiter
    metrics: Metrics
    photo_service: PhotoService
    explainer: Explainer
    broadcaster: Broadcaster
    reminding: Reminding
    asking: Asking
    trials: Trials
    pool_keeper: PoolKeeper
    retrainer: Retrainer
    digest_sender: DigestSender
    validation: Validation

    async def serve(self, *, handle_signals: bool = True) -> None:
        """Continue unfinished work, then ask Telegram for updates until the dispatcher stops.

        Args:
            handle_signals: whether SIGTERM and SIGINT stop it.

        Raises:
            StartupError: Telegram refuses this bot.
        """
        with self.metrics.active():
            leftover = await release_unfinished(self.database)
            self._take_up(leftover)
            await self._start_tasks()
            await self.dispatcher.start_polling(
                self.bot,
                polling_timeout=POLL_SECONDS,
                allowed_updates=self.dispatcher.resolve_used_update_types(),
                handle_signals=handle_signals,
                close_bot_session=False,
                tasks_concurrency_limit=self._at_once,
            )
            await self._finish()
        if self.watch.error is not None:
            raise self.watch.error

    async def serve_arrivals(self, arrivals: Arrivals, address: Address, stopped: asyncio.Event) -> None:
        """Continue unfinished work, then handle the updates that were recorded, until `stopped` is set.

        Telegram is told to deliver them to `address`.

        Raises:
            StartupError: Telegram refuses this bot or the address.
        """
        wanted = self.dispatcher.resolve_used_update_types()
        registration = Registration(self.bot, address, wanted, self.settings.data_dir / SIGN_OF_LIFE)
        arriving = Arriving(
            self.bot,
            arrivals,
            record=self.inbox.take,
            handle=self._handle,
            passed_over=self.metrics.pass_over,
            at_once=self._at_once,
        )
        with self.metrics.active():
            leftover = await release_unfinished(self.database)
            await self._start_tasks()
            # First, so that an album is answered in one piece of which a kill has left some photos here, some there.
            await arriving.catch_up()
            self._take_up(leftover)
            self.supervisor.start(arriving.keep_forgetting(), "old updates")
            taking = asyncio.create_task(arriving.keep_taking())
            keeping = asyncio.create_task(registration.keep())
            stopping = asyncio.create_task(stopped.wait())
            try:
                await asyncio.wait({taking, keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
                taking.cancel()
                if not await arriving.drain(self.settings.stop_seconds):
                    logger.warning("stopped with work under way; it is taken up again")
            finally:
                await arriving.drain(0)
                for each in (taking, keeping, stopping):
                    each.cancel()
                ended = await asyncio.gather(taking, keeping, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    @property
    def _at_once(self) -> int:
        return self.settings.queue_limit + OTHER_UPDATES

    async def _handle(self, update: Update, comes_again: bool) -> None:
        try:
            await self.dispatcher.feed_update(self.bot, update, comes_again=comes_again)
        except Exception as error:
            if comes_again and isinstance(error, DATABASE_LOST):
                raise
            logger.exception("update %d could not be handled", update.update_id)

    def _take_up(self, leftover: Leftover) -> None:
        """Go on with the photos of an earlier process."""
        if not self.access.under_maintenance:
            unread = answer_unfinished(leftover.unread, self.photo_service, self.albums)
            self.supervisor.start(unread, "recovery")
        self.supervisor.start(settle_interrupted(leftover.interrupted, self.photo_service), "interrupted answers")

    async def _start_tasks(self) -> None:
        start, database, settings = self.supervisor.start, self.database, self.settings
        start(explain(await database.requests.unexplained(), self.explainer), "explanations")
        start(delete_stale_progress(self.bot, database), "tidying up")
        start(database.traces.keep_wiping(), "erasure")
        start(publish_profile(self.bot, database, self.i18n, self.access.staff()), "introduction")
        alerts = Alerts(self.bot, database, self.access, self.i18n, settings.data_dir, self.validation)
        start(alerts.keep_watching(), "alerts")
        start(self.reminding.keep_sending(), "reminders")
        start(self.asking.keep_asking(), "follow-ups")
        if settings.retention_days is not None:
            start(keep_erasing(database, settings.retention_days), "retention")
        if settings.delay_log_seconds is not None:
            start(log_loop_delay(settings.delay_log_seconds), "loop delay")
        start(self.digest_sender.keep_sending(), "digests")
        start(self.retrainer.resume(), "retraining")
        start(self.trials.resume(), "trial of a model")
        start(self.trials.keep_reading(), "reading in the shadow")
        start(self.pool_keeper.keep_keeping(), "training pool")
        await self.broadcaster.resume()
        start(self.broadcaster.keep_starting(), "scheduled announcements")

    async def _finish(self) -> None:
        """Wait for work under way, and confirm the handled updates to Telegram."""
        if not await self.in_flight.drain(self.settings.stop_seconds):
            logger.warning("stopped before all work was finished; the next start continues it")
        if self.inbox.offset is not None and self.watch.error is None:
            acknowledge = GetUpdates(offset=self.inbox.offset, limit=1, timeout=0)
            try:
                await self.bot(acknowledge, request_timeout=5)
            except TelegramAPIError as error:
                logger.warning(
                    "last updates not acknowledged (%s): Telegram will send them again", type(error).__name__
                )
