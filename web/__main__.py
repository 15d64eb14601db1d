"""`python -m web`: serve the API and the page until stopped. `python -m web key NAME`: make an API key."""

import argparse
import asyncio
import logging
import math
import sys
from functools import partial

import uvicorn

from inference.engine.engine import AnalysisFailed, Engine, RegistryError
from inference.engine.pool import WorkerPool
from storage.database import Database
from storage.errors import StorageError
from storage.location import url_of
from web.application import create_app
from web.keys import PHOTOS_A_MINUTE, ApiKeys, add_key
from web.mini_app.records import Records
from web.mini_app.routes import MiniApp
from web.settings import Settings, SettingsError, load_settings

MAX_CONNECTIONS = 256


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 after an orderly stop, 2 for wrong settings."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        if options.command == "key":
            if settings.web_keys is None:
                raise SettingsError("WEB_KEYS: set it to the file that keeps the hashes of API keys")
            print(add_key(settings.web_keys, options.name, options.limit))
            return 0
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        asyncio.run(serve(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


async def serve(settings: Settings) -> None:
    """Load the networks, then answer requests until SIGTERM or SIGINT.

    Raises:
        SettingsError: it cannot start with these settings.
    """
    keys = await asyncio.to_thread(ApiKeys.load, settings.web_keys)
    try:
        pool = WorkerPool(
            settings.weights_dir,
            classifier=settings.classifier,
            size=settings.workers,
            photo_seconds=settings.photo_seconds,
        )
        limit = settings.web_queue_limit
        engine = Engine(pool, queue_limit=limit, owner_limit=max(2, limit // 2))
        await engine.start()
    except (RegistryError, AnalysisFailed) as error:
        raise SettingsError(str(error)) from None
    try:
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(engine, keys, settings.operator, weights=settings.weights_dir, mini_app=_mini_app(settings)),
                host=settings.web_host,
                port=settings.web_port,
                forwarded_allow_ips=settings.web_trusted_proxies,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_graceful_shutdown=math.ceil(settings.stop_seconds),
                # No access log, because it would store people's addresses.
                access_log=False,
                log_config=None,
                server_header=False,
            )
        )
        await server.serve()
        if not server.started:
            raise SettingsError(f"WEB_PORT: cannot listen on {settings.web_host}:{settings.web_port}")
    finally:
        await engine.stop()


def _mini_app(settings: Settings) -> MiniApp | None:
    if settings.mini_app_url is None or settings.bot_token is None:
        return None
    records = Records(partial(_open_database, settings))
    # Telegram opens https alone.
    on_this_machine = settings.mini_app_url.startswith("http://")
    return MiniApp(records, settings.bot_token.get_secret_value(), on_this_machine)


async def _open_database(settings: Settings) -> Database:
    """The database of a bot with the same settings."""
    if settings.data_key is not None:
        key = settings.data_key.get_secret_value().encode()
    else:
        file = settings.data_dir / "data.key"
        try:
            key = await asyncio.to_thread(file.read_bytes)
        except OSError as error:
            raise StorageError(f"there is no key {file} ({error.strerror}): set DATA_KEY or start the bot") from None
    return await Database.open_beside(settings.database_url or url_of(settings.data_dir / "bot.db"), key.strip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    key = commands.add_parser("key", help="make an API key, print it once, and keep its hash in WEB_KEYS")
    key.add_argument("name", help="whose key it is")
    key.add_argument("--limit", type=int, default=PHOTOS_A_MINUTE, help="photos a minute")
    return parser


if __name__ == "__main__":
    sys.exit(main())
