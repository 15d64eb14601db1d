"""Makes the parts of the bot and wires them together. This happens only here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiogram import Dispatcher
from aiogram.fsm.storage.memory import DisabledEventIsolation, MemoryStorage
from aiogram.utils.i18n import I18n

from bot import handlers
from bot.application import Application
from bot.exports.desk import ExportDesk
from bot.follow_ups.asking import Asking
from bot.health import SIGN_OF_LIFE
from bot.learning import transfer
from bot.learning.keeping import PoolKeeper
from bot.middlewares.access import AccessControl
from bot.middlewares.backpressure import Backpressure
from bot.middlewares.in_flight import InFlight
from bot.middlewares.throttling import OneWord, Throttling
from bot.middlewares.tracing import Tracing
from bot.middlewares.users import Language, Recognition, Registration
from bot.moles.reminders import Reminding
from bot.moles.service import MoleService
from bot.operator.access import Access
from bot.operator.broadcasts import Broadcaster
from bot.operator.digest import DigestSender
from bot.operator.drift import Validation
from bot.operator.metrics import Metrics
from bot.operator.releases import Releases
from bot.operator.rereading import Rereading
from bot.operator.retraining import Retrainer
from bot.operator.trainer import Trainer
from bot.operator.trials import Trials
from bot.photos.agreement import Agreement
from bot.photos.albums import Albums
from bot.photos.answered_picture import AnsweredPictures
from bot.photos.explaining import Explainer
from bot.photos.inbox import Inbox
from bot.photos.second_reading import SecondReader
from bot.photos.service import PhotoService
from bot.reports.desk import ReportDesk
from bot.settings import Settings
from bot.startup import reach_telegram, worker_pool
from bot.supervisor import Supervisor
from bot.telegram.client import connect, open_session
from bot.telegram.ownership import Ownership
from bot.telegram.pacing import Pacing
from bot.telegram.polling import PollingWatch
from bot.telegram.rate_limit import PACE, Pace, RateLimiter
from bot.telegram.retries import DEFAULT_RETRIES, RetryPolicy
from inference.engine.engine import Engine
from inference.pipeline.joint import Joiner
from inference.registry.performance import melanomas_missed
from inference.registry.registry import Registry
from storage.database import Database
from storage.records import Request


@asynccontextmanager
async def compose(
    settings: Settings,
    database: Database,
    engine: Engine,
    i18n: I18n,
    retries: RetryPolicy = DEFAULT_RETRIES,
    pace: Pace = PACE,
    metrics: Metrics | None = None,
) -> AsyncIterator[Application]:
    """Connect to Telegram and wire the application. Its tasks and its connection end with the context.

    Raises StartupError if Telegram refuses this bot.
    """
    in_flight, supervisor, rate_limiter, metrics = InFlight(), Supervisor(), RateLimiter(pace), metrics or Metrics()
    metrics.watch(engine)
    # Room for one full share of photos being analysed, and a second one that gets the answer to wait.
    throttling = Throttling(settings.person_messages, 2 * settings.person_photos)
    inbox = Inbox(database, throttling.admits)
    access = Access(database.staff, settings.admin_ids)
    await access.load()
    async with open_session(settings.telegram_api_url) as session:
        watch = PollingWatch(
            settings.data_dir / SIGN_OF_LIFE, lambda: supervisor.start(dispatcher.stop_polling(), "end of polling")
        )
        # The inbox is inside the watch, so a call counts as successful only if its photos were recorded.
        session.middleware(watch)
        session.middleware(inbox)
        session.middleware(Pacing(rate_limiter))
        if settings.webhook is not None:
            session.middleware(Ownership(database.confirmed))
        bot = connect(settings.token, session, retries, settings.telegram_local_dir)
        await reach_telegram(bot, polling=settings.webhook is None)
        missed = await asyncio.to_thread(melanomas_missed, settings.weights_dir)
        joiner = await asyncio.to_thread(_joiner, settings)
        agreement = Agreement(bot, settings.operator)
        build = partial(worker_pool, settings)
        trials = Trials(engine, build, access, database, bot)
        pool_keeper = PoolKeeper(bot, database, engine, settings.training_pool_bytes)

        def note_answer(request: Request) -> None:
            trials.note_answer(request)
            pool_keeper.note_answer()

        photo_service = PhotoService(
            bot,
            database,
            engine,
            i18n,
            supervisor,
            rate_limiter,
            metrics,
            agreement,
            missed,
            note_answer,
        )
        second_reader = SecondReader(bot, database, engine, rate_limiter)
        rereading = Rereading(bot, database, engine, i18n, supervisor, rate_limiter)
        explainer = Explainer(bot, database, second_reader, i18n, supervisor, rate_limiter)
        validation = Validation(engine, settings.weights_dir)
        retrainer = Retrainer(
            bot,
            database,
            i18n,
            supervisor,
            rate_limiter,
            access,
            _trainer(settings),
            partial(transfer.export, database),
        )
        broadcaster = Broadcaster(bot, database, supervisor, i18n, rate_limiter, access)
        albums = Albums(database.unread.waiting_in_album)
        dispatcher = Dispatcher(
            storage=MemoryStorage(),
            # With isolation, everything that a person does would wait until their photo is answered.
            events_isolation=DisabledEventIsolation(),
            # Arguments of handlers, by name.
            access=access,
            agreement=agreement,
            albums=albums,
            answered_pictures=AnsweredPictures(database, second_reader),
            broadcaster=broadcaster,
            database=database,
            engine=engine,
            explainer=explainer,
            export_desk=ExportDesk(bot, database, settings.operator),
            i18n=i18n,
            inbox=inbox,
            joiner=joiner,
            missed=missed,
            mole_service=MoleService(database, second_reader),
            photo_service=photo_service,
            retrainer=retrainer,
            releases=Releases(engine, settings.weights_dir, build, access),
            rereading=rereading,
            second_reader=second_reader,
            trials=trials,
            report_desk=ReportDesk(bot, second_reader, settings.weights_dir, settings.operator),
            settings=settings,
            supervisor=supervisor,
            validation=validation,
        )
        recognised = Recognition(database), Language(i18n), AccessControl(access, database)
        for middleware in (in_flight, Tracing(metrics), throttling, Backpressure(), *recognised, OneWord()):
            dispatcher.update.outer_middleware(middleware)
        for observer in (dispatcher.message, dispatcher.callback_query):
            observer.middleware(Registration(database))
        dispatcher.include_router(handlers.setup())
        try:
            yield Application(
                settings=settings,
                database=database,
                engine=engine,
                i18n=i18n,
                bot=bot,
                dispatcher=dispatcher,
                access=access,
                inbox=inbox,
                albums=albums,
                in_flight=in_flight,
                supervisor=supervisor,
                watch=watch,
                rate_limiter=rate_limiter,
                metrics=metrics,
                photo_service=photo_service,
                explainer=explainer,
                broadcaster=broadcaster,
                reminding=Reminding(bot, database, i18n, rate_limiter),
                asking=Asking(bot, database, i18n, rate_limiter),
                trials=trials,
                pool_keeper=pool_keeper,
                retrainer=retrainer,
                digest_sender=DigestSender(bot, database, i18n, rate_limiter, access, validation, settings.data_dir),
                validation=validation,
            )
        finally:
            await supervisor.stop()
            await trials.close()
            await inbox.close()


def _trainer(settings: Settings) -> Trainer | None:
    if settings.retrain_command is None:
        return None
    return Trainer(settings.retrain_command, settings.data_dir / "retraining", settings.weights_dir)


def _joiner(settings: Settings) -> Joiner | None:
    """The model that joins answers and photo; None if the registry has none."""
    registry = Registry.load(settings.weights_dir, settings.classifier)
    return Joiner(registry) if registry.joint is not None else None
