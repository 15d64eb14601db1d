"""The bot put together: services opened in order, run, and closed in the opposite order."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.utils.i18n import I18n
from pydantic import SecretStr

from bot.errors import AlreadyRunning, StartupError
from bot.handlers import ROUTERS
from bot.logs import set_up_logging
from bot.middlewares.backpressure import Backpressure
from bot.middlewares.in_flight import InFlight
from bot.middlewares.throttling import Throttling
from bot.middlewares.users import Language, Registration
from bot.operator.broadcasts import Broadcaster
from bot.operator.loop_delay import log_loop_delay
from bot.operator.retention import keep_erasing
from bot.photos.albums import Albums
from bot.photos.inbox import Inbox
from bot.photos.recovery import answer_unfinished, delete_stale_progress, explain, release_unfinished
from bot.photos.service import PhotoService
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot, connect, open_session
from bot.telegram.rate_limit import RateLimiter
from bot.ui.commands import publish_profile
from bot.ui.i18n import load_i18n
from inference.engine.engine import AnalysisFailed, Engine
from inference.registry.registry import RegistryError, UnknownClassifier
from storage.database import Database
from storage.errors import DatabaseInUse, StorageError
from storage.keys import load_or_create_key
from storage.location import locate, url_of

logger = logging.getLogger(__name__)

POLL_SECONDS = 30
# Updates handled at once beside the photos that wait; beyond, further ones are left with Telegram for a while.
OTHER_UPDATES = 1000
RECONNECT_SECONDS = 5.0
SANDBOX_ADMIN = 1


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartupError where the settings do not let the bot start."""
    async with AsyncExitStack() as stack:
        i18n = load_i18n()
        page = None
        if settings.bot_token is None:
            settings = await _start_sandbox(settings, stack)
            page = f"{settings.telegram_api_url}/"
        elif settings.operator is None:
            logger.warning("OPERATOR is not set: people are told no name of who runs this bot; set it to yours")
        token = settings.token
        set_up_logging(settings.log_level, settings.log_format, (token,))
        database = await _open_database(settings)
        stack.push_async_callback(database.close)
        engine = await _start_engine(settings)
        stack.push_async_callback(engine.stop)

        session = open_session(settings.telegram_api_url)
        stack.push_async_callback(session.close)
        inbox = Inbox(database)
        session.middleware(inbox)
        bot = connect(token, session)
        await _connect(bot)
        if page is not None:
            print(f"\n  Chat page: {page}\n", flush=True)

        supervisor = Supervisor()
        stack.push_async_callback(supervisor.stop)
        rate_limiter = RateLimiter()
        photo_service = PhotoService(bot, database, engine, i18n, supervisor, rate_limiter, settings.operator)
        broadcaster = Broadcaster(bot, database, supervisor, i18n, rate_limiter)
        in_flight = InFlight()
        dispatcher = build_dispatcher(
            in_flight,
            i18n,
            database=database,
            engine=engine,
            settings=settings,
            supervisor=supervisor,
            broadcaster=broadcaster,
            photo_service=photo_service,
        )
        supervisor.start(answer_unfinished(await release_unfinished(database), photo_service), "recovery")
        supervisor.start(explain(await database.requests.unexplained(), photo_service), "explanations")
        supervisor.start(delete_stale_progress(bot, database), "tidying up")
        supervisor.start(database.traces.keep_wiping(), "erasure")
        supervisor.start(publish_profile(bot, database, i18n, settings.admin_ids), "introduction")
        if settings.retention_days is not None:
            supervisor.start(keep_erasing(database, settings.retention_days), "retention")
        if settings.delay_log_seconds is not None:
            supervisor.start(log_loop_delay(settings.delay_log_seconds), "loop delay")
        await broadcaster.resume()

        await dispatcher.start_polling(
            bot,
            polling_timeout=POLL_SECONDS,
            allowed_updates=dispatcher.resolve_used_update_types(),
            close_bot_session=False,
            tasks_concurrency_limit=settings.queue_limit + OTHER_UPDATES,
        )
        await _finish(bot, inbox, in_flight, settings.stop_seconds)


def build_dispatcher(
    in_flight: InFlight, i18n: I18n, *, database: Database, settings: Settings, **services: Any
) -> Dispatcher:
    """The handlers with what they ask for by name."""
    named = {"database": database, "i18n": i18n, "settings": settings, "albums": Albums(), **services}
    dispatcher = Dispatcher(disable_fsm=True, **named)
    throttling = Throttling(settings.person_messages)
    for middleware in (in_flight, Backpressure(), Registration(database), Language(i18n), throttling):
        dispatcher.update.outer_middleware(middleware)
    dispatcher.include_routers(*ROUTERS)
    return dispatcher


async def _start_sandbox(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Start the sandbox in place of Telegram. Returns the settings that lead to it.

    Somebody in it has to be the administrator: the first of ADMIN_IDS, or else one of its own people.
    """
    admin_ids = settings.admin_ids or frozenset({SANDBOX_ADMIN})
    sandbox = Sandbox(admin_id=min(admin_ids))
    try:
        await sandbox.start(port=settings.sandbox_port)
    except OSError as error:
        raise StartupError(
            f"SANDBOX_PORT: cannot listen on port {settings.sandbox_port} ({error.strerror}): set another one"
        ) from None
    stack.push_async_callback(sandbox.stop)
    logger.info("no BOT_TOKEN: starting against the sandbox")
    return settings.model_copy(
        update={
            "bot_token": SecretStr(sandbox.token),
            "telegram_api_url": sandbox.base_url,
            "admin_ids": admin_ids,
        }
    )


async def _open_database(settings: Settings) -> Database:
    try:
        url, path = locate(settings.database_url or url_of(settings.data_dir / "bot.db"))
        if settings.data_key is not None:
            key = settings.data_key.get_secret_value().encode()
        else:
            key = await asyncio.to_thread(load_or_create_key, settings.data_dir / "data.key", path)
        return await Database.open(url, key)
    except DatabaseInUse as error:
        raise AlreadyRunning(str(error)) from None
    except StorageError as error:
        raise StartupError(str(error)) from None


async def _start_engine(settings: Settings) -> Engine:
    try:
        engine = Engine(
            settings.weights_dir,
            classifier=settings.classifier,
            workers=settings.workers,
            queue_limit=settings.queue_limit,
            owner_limit=settings.person_photos,
            photo_seconds=settings.photo_seconds,
        )
        await engine.start()
    except UnknownClassifier as error:
        raise StartupError(f"CLASSIFIER: {error}") from None
    except RegistryError as error:
        raise StartupError(f"WEIGHTS_DIR: {error}") from None
    except AnalysisFailed as error:
        raise StartupError(str(error)) from None
    return engine


async def _connect(bot: RetryingBot) -> None:
    """Learn who we are; waits while Telegram cannot be reached. Raises StartupError for a wrong token."""
    while True:
        try:
            me = await bot.me()
            # Long polling gets nothing while a webhook is set.
            await bot.delete_webhook()
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise StartupError("BOT_TOKEN: Telegram does not know it; get one from @BotFather") from None
        except (TelegramNetworkError, TelegramServerError) as error:
            logger.warning("Telegram cannot be reached (%s), trying again", type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)
        else:
            logger.info("serving as @%s", me.username)
            return


async def _finish(bot: Bot, inbox: Inbox, in_flight: InFlight, seconds: float) -> None:
    """Let what is under way come to its end, and tell Telegram which updates need not come again."""
    if not await in_flight.drain(seconds):
        logger.warning("stopped with work under way; the next start takes it up")
    if inbox.last_update_id is not None:
        try:
            await bot(GetUpdates(offset=inbox.last_update_id + 1, limit=1, timeout=0), request_timeout=5)
        except TelegramAPIError as error:
            logger.warning("last updates not acknowledged (%s): they come again", type(error).__name__)
