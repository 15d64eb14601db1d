"""Receives updates by webhook: Telegram calls the bot over HTTP.

The answer is 200 as soon as an update cannot be lost: when its photo is recorded, or when it is handled. After any
other answer, or none, Telegram sends the update again.
"""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Final

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import Update
from aiohttp import web
from yarl import URL

from bot.errors import StartupError
from bot.supervisor import Supervisor
from bot.telegram.client import NotUnderstood
from bot.telegram.parsing import parse_updates
from bot.telegram.refusals import refusal

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
# An update contains no file. The longest text with its entities is far smaller.
MAX_BODY_BYTES: Final = 1024 * 1024
# Telegram waits longer than this. Slow work continues after the answer.
HANDLE_SECONDS: Final = 20.0
RECORD_SECONDS: Final = 30.0
# The number of remembered updates. A repeated update is handled once.
REMEMBERED: Final = 10_000
WATCH_SECONDS: Final = 30.0
# As many as Telegram allows, because each call lasts until its update is recorded.
CONNECTIONS: Final = 100

logger = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Address:
    """The address that Telegram calls, and who may call it.

    `url` is the public address; the bot listens on `host` and `port`. `sources` are Telegram's networks. `proxies` are
    the networks whose X-Forwarded-For is trusted.
    """

    url: str
    secret: str
    host: str
    port: int
    sources: tuple[Network, ...]
    proxies: tuple[Network, ...]


class Webhook:
    """Takes updates over HTTP.

    Args:
        bot: that gets the updates.
        address: of the webhook.
        record: stores an update's photo. If it returns True, the update is answered before it is handled.
        handle: handles an update; raises nothing.
        ready: whether a photo could be analysed now.
        supervisor: owns the tasks that outlive a call.
        sign_of_life: file that is touched while Telegram has our address; `bot.health` checks its age.
    """

    def __init__(
        self,
        bot: Bot,
        address: Address,
        *,
        record: Callable[[Update], Awaitable[bool]],
        handle: Callable[[Update], Awaitable[None]],
        ready: Callable[[], bool],
        supervisor: Supervisor,
        sign_of_life: Path,
    ) -> None:
        self._bot = bot
        self._address = address
        self._record = record
        self._handle = handle
        self._ready = ready
        self._supervisor = supervisor
        self._sign_of_life = sign_of_life
        self._taken: OrderedDict[int, asyncio.Future[None]] = OrderedDict()
        self._registered = False
        # Set once Telegram refuses this bot for good; `error` then says why.
        self.ended = asyncio.Event()
        self.error: StartupError | None = None

    @asynccontextmanager
    async def listening(self, allowed_updates: list[str], stop_seconds: float) -> AsyncIterator[None]:
        """Accept updates in this block. At its end, unfinished calls have `stop_seconds` left.

        Telegram keeps the address, and tries again until somebody listens there.

        Raises:
            StartupError: the port is taken, or Telegram does not accept the address.
        """
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.add_routes(
            [
                web.post(URL(self._address.url).path, self._receive),
                web.get("/healthz", self._alive),
                web.get("/readyz", self._is_ready),
            ]
        )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=stop_seconds)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, self._address.host, self._address.port).start()
            except OSError as error:
                raise StartupError(
                    f"WEBHOOK_PORT: cannot listen on {self._address.host}:{self._address.port} ({error.strerror})"
                ) from None
            await self._register(allowed_updates)
            self._supervisor.start(self._keep_registered(allowed_updates), "webhook")
            yield
        finally:
            self._registered = False
            await runner.cleanup()

    async def _register(self, allowed_updates: list[str]) -> None:
        try:
            await self._bot.set_webhook(
                self._address.url,
                secret_token=self._address.secret,
                allowed_updates=allowed_updates,
                max_connections=CONNECTIONS,
            )
        except TelegramAPIError as error:
            raise refusal(error) or StartupError(f"WEBHOOK_URL: Telegram refuses it: {error.message}") from None
        self._registered = True
        await self._sign()

    async def _keep_registered(self, allowed_updates: list[str]) -> None:
        """Check at intervals that Telegram still has our address, and log its errors."""
        complaint = None
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                found = await self._bot.get_webhook_info()
                if found.url != self._address.url:
                    logger.warning("somebody has changed the webhook of this bot; it is set again")
                    await self._register(allowed_updates)
            except TelegramAPIError as error:
                self.error = refusal(error)
                if self.error is not None:
                    self.ended.set()
                    return
                logger.warning("the webhook cannot be checked (%s)", type(error).__name__)
                continue
            except (ClientDecodeError, NotUnderstood, StartupError) as error:
                # The answer may be the error page of a proxy.
                logger.warning("the webhook cannot be checked (%s)", error)
                continue
            if found.last_error_date and found.last_error_date != complaint:
                complaint = found.last_error_date
                logger.warning("Telegram could not deliver: %s", found.last_error_message)
            await self._sign()

    async def _sign(self) -> None:
        try:
            await asyncio.to_thread(self._sign_of_life.touch)
        except OSError as error:
            logger.warning("no sign of life can be left: %s", error.strerror)

    async def _receive(self, request: web.Request) -> web.Response:
        if not self._is_from_telegram(request):
            return web.Response(status=403)
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._address.secret.encode()):
            return web.Response(status=401)
        try:
            raw = await request.json()
        except ValueError:
            return web.Response(status=400)
        for update in parse_updates([raw], self._bot):
            try:
                await asyncio.shield(self._once(update))
            except Exception as error:
                logger.warning(
                    "update %d is not accepted (%s): Telegram will send it again",
                    update.update_id,
                    type(error).__name__,
                )
                return web.Response(status=503)
        return web.Response()

    def _is_from_telegram(self, request: web.Request) -> bool:
        try:
            sender = ip_address(request.remote or "")
            if any(sender in each for each in self._address.proxies):
                # The last proxy wrote the last address. The sender can forge those before it.
                forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
                sender = ip_address(forwarded) if forwarded else sender
        except ValueError:
            return False
        return any(sender in each for each in self._address.sources)

    def _once(self, update: Update) -> asyncio.Future[None]:
        """The one future that accepts an update, however often it comes. It is forgotten if it fails."""
        number = update.update_id
        if number not in self._taken:
            taking = self._taken[number] = asyncio.ensure_future(self._take(update))
            taking.add_done_callback(lambda done: self._forget(number, done))
            while len(self._taken) > REMEMBERED:
                self._taken.popitem(last=False)
        return self._taken[number]

    def _forget(self, number: int, done: asyncio.Future[None]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._taken.pop(number, None)

    async def _take(self, update: Update) -> None:
        async with asyncio.timeout(RECORD_SECONDS):
            recorded = await self._record(update)
        handled = asyncio.Event()
        self._supervisor.start(self._handled(update, handled), f"update {update.update_id}")
        if not recorded:
            try:
                async with asyncio.timeout(HANDLE_SECONDS):
                    await handled.wait()
            except TimeoutError:
                logger.info("update %d is slow", update.update_id)

    async def _handled(self, update: Update, handled: asyncio.Event) -> None:
        try:
            await self._handle(update)
        finally:
            handled.set()

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _is_ready(self, _request: web.Request) -> web.Response:
        if self._registered and self._ready():
            return web.Response(text="ready\n")
        return web.Response(text="not ready\n", status=503)
