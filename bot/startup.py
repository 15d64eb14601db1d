"""Opens what the application needs, in order. If something cannot be opened, a StartupError says what to change."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNetworkError, TelegramServerError
from pydantic import SecretStr

from bot.demo import demo_sandbox
from bot.errors import AlreadyRunning, DatabaseGone, StartupError
from bot.logs import set_up_logging
from bot.settings import Settings
from bot.telegram.client import NotUnderstood, RetryingBot
from bot.telegram.refusals import refusal
from inference.engine.engine import AnalysisFailed, Engine
from inference.engine.pool import Pool, WorkerPool
from inference.registry.registry import RegistryError, UnknownClassifier
from storage.database import Database
from storage.errors import DatabaseInUse, ServerGone, StorageError
from storage.keys import load_or_create_key
from storage.location import locate, url_of

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 5.0
SANDBOX_ADMIN = 1


@asynccontextmanager
async def open_telegram(settings: Settings) -> AsyncIterator[Settings]:
    """Settings for Telegram; or, without BOT_TOKEN, for a sandbox that runs during this context."""
    if settings.bot_token is None:
        async with _open_sandbox(settings) as in_sandbox:
            yield in_sandbox
        return
    if settings.operator is None:
        logger.warning("OPERATOR is not set: people do not learn who runs this bot; set it to your name")
    yield settings


@asynccontextmanager
async def _open_sandbox(settings: Settings) -> AsyncIterator[Settings]:
    # One person in it must be the administrator: the first of ADMIN_IDS, or else one of the sandbox's own people.
    admin_ids = settings.admin_ids or frozenset({SANDBOX_ADMIN})
    sandbox = demo_sandbox(min(admin_ids))
    try:
        await sandbox.start(port=settings.sandbox_port)
    except OSError as error:
        raise StartupError(
            f"SANDBOX_PORT: cannot listen on port {settings.sandbox_port} ({error.strerror}): set another one"
        ) from None
    try:
        set_up_logging(settings.log_level, settings.log_format, (sandbox.token,))
        logger.info("no BOT_TOKEN: starting against the sandbox")
        yield settings.model_copy(
            update={
                "bot_token": SecretStr(sandbox.token),
                "telegram_api_url": sandbox.base_url,
                "admin_ids": admin_ids,
            }
        )
    finally:
        await sandbox.stop()


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database with the key from DATA_KEY or from the data folder."""
    async with _closing(settings, Database.open) as database:
        yield database


@asynccontextmanager
async def await_database(settings: Settings) -> AsyncIterator[Database]:
    """`open_database`, as soon as the server of the database answers."""
    async with AsyncExitStack() as stack:
        while True:
            try:
                database = await stack.enter_async_context(open_database(settings))
            except DatabaseGone as error:
                logger.warning("%s; trying again", error)
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                break
        yield database


@asynccontextmanager
async def open_beside(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of a bot with these settings, which may be running."""
    async with _closing(settings, Database.open_beside) as database:
        yield database


@asynccontextmanager
async def attach_database(settings: Settings) -> AsyncIterator[Database]:
    """The database of a server beside the bot that has it for itself; see `Database.attach`."""
    async with _closing(settings, Database.attach) as database:
        yield database


@asynccontextmanager
async def _closing(settings: Settings, opening: Callable[..., Awaitable[Database]]) -> AsyncIterator[Database]:
    try:
        database = await _opened(settings, opening)
    except DatabaseInUse as error:
        raise AlreadyRunning(str(error)) from None
    except ServerGone as error:
        raise DatabaseGone(str(error)) from None
    except StorageError as error:
        raise StartupError(str(error)) from None
    try:
        yield database
    finally:
        await database.close()


def uses_server(settings: Settings) -> bool:
    """Whether the database is on a server, which several processes can reach."""
    return settings.database_url is not None and locate(settings.database_url)[1] is None


async def _opened(settings: Settings, opening: Callable[..., Awaitable[Database]]) -> Database:
    url, path = locate(settings.database_url or url_of(settings.data_dir / "bot.db"))
    if settings.data_key is not None:
        key = settings.data_key.get_secret_value().encode()
    else:
        file = settings.data_dir / "data.key"
        if path is None and not await asyncio.to_thread(file.exists):
            # A server may have a database already, which a new key could not decrypt.
            raise StorageError(f"DATA_KEY: a database server needs a key: set DATA_KEY, or put the key file at {file}")
        key = await asyncio.to_thread(load_or_create_key, file, path)
    return await opening(url, key)


@asynccontextmanager
async def start_engine(settings: Settings, chosen: str | None = None) -> AsyncIterator[Engine]:
    """Start the engine with its networks. CLASSIFIER has priority over the classifier `chosen` in the chat."""
    try:
        pool = worker_pool(settings, settings.classifier or chosen)
        engine = Engine(pool, queue_limit=settings.queue_limit, owner_limit=settings.person_photos)
        try:
            await engine.start()
        except asyncio.CancelledError:
            await engine.stop()
            raise
    except UnknownClassifier as error:
        raise StartupError(f"CLASSIFIER: {error}") from None
    except RegistryError as error:
        raise StartupError(f"WEIGHTS_DIR: {error}") from None
    except AnalysisFailed as error:
        raise StartupError(str(error)) from None
    try:
        yield engine
    finally:
        await engine.stop()


def worker_pool(settings: Settings, classifier: str | None) -> Pool:
    """Workers that serve a released classifier, here or elsewhere; None is the one that the registry serves.

    Raises:
        StartupError: a package for workers elsewhere is not installed.
    """
    if settings.workers_at == "elsewhere" and settings.database_url is not None and settings.data_key is not None:
        try:
            from bot.workers.pool import RemotePool
        except ImportError as error:
            raise StartupError(f"WORKERS_AT: install the extra `workers` first ({error})") from None
        return RemotePool(
            settings.database_url,
            settings.data_key.get_secret_value().encode(),
            settings.weights_dir,
            classifier=classifier,
            size=settings.workers,
            photo_seconds=settings.photo_seconds,
        )
    return WorkerPool(
        settings.weights_dir, classifier=classifier, size=settings.workers, photo_seconds=settings.photo_seconds
    )


async def reach_telegram(bot: RetryingBot, *, polling: bool = True) -> None:
    """Call getMe; waits while Telegram is out of reach. Raises StartupError if waiting would not help.

    Long polling gets no updates while a webhook is set, so `polling` deletes it.
    """
    while True:
        try:
            me = await bot.me()
            if polling:
                await bot.delete_webhook()
        except (ClientDecodeError, NotUnderstood):
            logger.warning("the answer is not from Telegram: check TELEGRAM_API_URL and HTTPS_PROXY; trying again")
        except (TelegramNetworkError, TelegramServerError) as error:
            logger.warning("Telegram cannot be reached (%s), trying again", type(error).__name__)
        except TelegramAPIError as error:
            raise refusal(error) or StartupError(f"Telegram refuses the start: {error.message}") from None
        else:
            logger.info("serving as @%s", me.username)
            return
        await asyncio.sleep(RECONNECT_SECONDS)
