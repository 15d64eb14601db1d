"""Receives updates by webhook: Telegram calls the bot over HTTP.

The answer is 200 as soon as an update is recorded. After any other answer, or none, Telegram sends the update again.
Several processes may listen behind a proxy.
"""

import hmac
import json
import logging
from asyncio import timeout
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, Final, TypeGuard

from aiohttp import web
from yarl import URL

from bot.errors import StartupError
from bot.telegram.address import Address
from bot.telegram.parsing import LARGEST_NUMBER
from storage.arrivals import Arrivals

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
# An update contains no file. The longest text with its entities is far smaller.
MAX_BODY_BYTES: Final = 1024 * 1024
# Telegram waits longer.
RECORD_SECONDS: Final = 30.0

logger = logging.getLogger(__name__)


class Webhook:
    """Records updates that come over HTTP.

    Args:
        address: of the webhook.
        arrivals: stores the updates.
        is_open: whether updates are accepted. Otherwise Telegram has to send them again later.
    """

    def __init__(self, address: Address, arrivals: Arrivals, *, is_open: bool) -> None:
        self._address = address
        self._arrivals = arrivals
        self.is_open = is_open

    @asynccontextmanager
    async def listening(self, stop_seconds: float) -> AsyncIterator[None]:
        """Accept updates in this block. At its end, unfinished calls have `stop_seconds` left.

        Raises:
            StartupError: the port is taken.
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
            yield
        finally:
            await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        if not self._is_from_telegram(request):
            return web.Response(status=403)
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._address.secret.encode()):
            return web.Response(status=401)
        body = await request.read()
        try:
            raw = json.loads(body)
        except ValueError:
            return web.Response(status=400)
        number = raw.get("update_id") if isinstance(raw, Mapping) else None
        if not _is_id(number):
            logger.warning("an update without an id is ignored")
            return web.Response()
        if not self.is_open:
            return web.Response(status=503)
        try:
            async with timeout(RECORD_SECONDS):
                await self._arrivals.add(number, _person(raw), body)
        except Exception as error:
            logger.warning("update %d is not recorded (%s): Telegram will send it again", number, type(error).__name__)
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

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _is_ready(self, _request: web.Request) -> web.Response:
        """Whether updates can be recorded, here or in a standby."""
        if self.is_open:
            try:
                async with timeout(RECORD_SECONDS):
                    await self._arrivals.probe()
            except Exception as error:
                logger.warning("updates cannot be recorded now (%s)", type(error).__name__)
            else:
                return web.Response(text="ready\n")
        return web.Response(text="not ready\n", status=503)


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and abs(value) <= LARGEST_NUMBER


def _person(raw: Mapping[str, Any]) -> int | None:
    """Who has sent an update, of whatever kind it is; None if nobody is named."""
    for content in raw.values():
        if isinstance(content, Mapping):
            sender = content.get("from") or content.get("user")
            if isinstance(sender, Mapping) and _is_id(sender.get("id")):
                return int(sender["id"])
    return None
