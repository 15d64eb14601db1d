"""HTTP_PROXY and HTTPS_PROXY are honoured, but for a server on this machine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiogram.exceptions import TelegramNetworkError

from bot.sandbox import Sandbox
from bot.telegram.client import connect, open_session
from tests.bot.stage import HASTY


class Proxy:
    """Takes one request a connection, and forwards none."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readline()).decode().strip())
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with server:
        yield proxy


async def test_what_goes_to_telegram_goes_through_the_proxy(proxy: Proxy) -> None:
    async with open_session(None) as session:
        with pytest.raises(TelegramNetworkError):
            await connect("42:token", session, HASTY).get_me()
    assert proxy.asked[0] == "CONNECT api.telegram.org:443 HTTP/1.1"


async def test_a_server_on_this_machine_is_reached_without_the_proxy(proxy: Proxy, sandbox: Sandbox) -> None:
    async with open_session(sandbox.base_url) as session:
        assert (await connect(sandbox.token, session, HASTY).get_me()).is_bot
    assert proxy.asked == []
