"""Receiving by webhook: who may call, and that nothing is answered with 200 that could still be lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiogram.exceptions import ClientDecodeError
from aiogram.types import Update, WebhookInfo
from aiohttp import ClientSession

from bot.errors import StartupError
from bot.sandbox import Sandbox
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot, connect, open_session
from bot.telegram.webhook import MAX_BODY_BYTES, SECRET_HEADER, Address, Webhook
from storage.errors import StorageBusy
from tests.bot.stage import HASTY
from tests.ports import free_port

SECRET = "a-secret-of-sixteen-or-more"
LOOPBACK = (ip_network("127.0.0.0/8"),)
TELEGRAM = (ip_network("149.154.160.0/20"),)


def update(number: int, **message: Any) -> dict[str, Any]:
    emma = {"id": 5, "is_bot": False, "first_name": "Emma"}
    content = message or {"text": "hello"}
    chat = {"id": 5, "type": "private"}
    return {"update_id": number, "message": {"message_id": number, "date": 1, "chat": chat, "from": emma, **content}}


class Taker:
    """Records at once what is asked for, or fails `failures` times; handles when it may."""

    def __init__(self) -> None:
        self.recorded: list[int] = []
        self.handled: list[int] = []
        self.failures = 0
        self.go = asyncio.Event()
        self.go.set()

    async def record(self, update: Update) -> bool:
        if self.failures:
            self.failures -= 1
            raise StorageBusy("locked")
        is_photo = update.message is not None and update.message.photo is not None
        if is_photo:
            self.recorded.append(update.update_id)
        return is_photo

    async def handle(self, update: Update) -> None:
        await self.go.wait()
        self.handled.append(update.update_id)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[RetryingBot]:
    async with Sandbox() as sandbox, open_session(sandbox.base_url) as session:
        yield connect(sandbox.token, session, HASTY)


@asynccontextmanager
async def listening(bot: RetryingBot, taker: Taker, folder: Path, **changes: Any) -> AsyncIterator[str]:
    supervisor, port = Supervisor(), changes.pop("port", None) or free_port()
    url = changes.pop("url", f"http://127.0.0.1:{port}/telegram")
    given = {"sources": LOOPBACK, "proxies": (), **changes}
    address = Address(url=url, secret=SECRET, host="127.0.0.1", port=port, **given)
    webhook = Webhook(
        bot,
        address,
        record=taker.record,
        handle=taker.handle,
        ready=lambda: taker.go.is_set(),
        supervisor=supervisor,
        sign_of_life=folder / "sign",
    )
    try:
        async with webhook.listening(["message"], 1.0):
            yield url
    finally:
        await supervisor.stop()


async def post(http: ClientSession, url: str, body: Any, **headers: str) -> int:
    async with http.post(url, json=body, headers={SECRET_HEADER: SECRET, **headers}) as response:
        return response.status


@pytest_asyncio.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_only_who_knows_the_secret_is_heard(
    bot: RetryingBot, taker: Taker, tmp_path: Path, http: ClientSession
) -> None:
    async with listening(bot, taker, tmp_path) as url:
        assert await post(http, url, update(1), **{SECRET_HEADER: "another"}) == 401
        assert await post(http, url, update(1), **{SECRET_HEADER: "тайна"}) == 401
        assert await post(http, url, update(1)) == 200
    assert taker.handled == [1]


async def test_only_telegram_s_networks_are_heard_by_the_address_that_a_known_proxy_tells(
    bot: RetryingBot, taker: Taker, tmp_path: Path, http: ClientSession
) -> None:
    async with listening(bot, taker, tmp_path, sources=TELEGRAM) as url:
        # Whoever is no known proxy may write what they like.
        assert await post(http, url, update(1), **{"X-Forwarded-For": "149.154.160.1"}) == 403
    async with listening(bot, taker, tmp_path, sources=TELEGRAM, proxies=LOOPBACK) as url:
        assert await post(http, url, update(1)) == 403
        assert await post(http, url, update(1), **{"X-Forwarded-For": "149.154.160.1, 203.0.113.9"}) == 403
        assert await post(http, url, update(1), **{"X-Forwarded-For": "nonsense"}) == 403
        assert taker.handled == []
        assert await post(http, url, update(1), **{"X-Forwarded-For": "203.0.113.9, 149.154.167.99"}) == 200
    assert taker.handled == [1]


async def test_a_photo_is_answered_once_it_is_recorded_and_anything_else_once_it_is_handled(
    bot: RetryingBot, taker: Taker, tmp_path: Path, http: ClientSession
) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
    taker.go.clear()
    async with listening(bot, taker, tmp_path) as url:
        assert await post(http, url, update(1, photo=photo)) == 200
        assert (taker.recorded, taker.handled) == ([1], [])
        waiting = asyncio.create_task(post(http, url, update(2)))
        assert not (await asyncio.wait({waiting}, timeout=0.2))[0]
        taker.go.set()
        assert await waiting == 200
    assert sorted(taker.handled) == [1, 2]


async def test_what_could_not_be_recorded_comes_again_and_what_comes_twice_is_handled_once(
    bot: RetryingBot, taker: Taker, tmp_path: Path, http: ClientSession
) -> None:
    taker.failures = 1
    async with listening(bot, taker, tmp_path) as url:
        assert await post(http, url, update(1)) == 503
        assert [await post(http, url, update(1)) for _ in range(3)] == [200] * 3
        both = await asyncio.gather(post(http, url, update(2)), post(http, url, update(2)))
        assert both == [200, 200]
    assert taker.handled == [1, 2]


async def test_an_update_that_cannot_be_parsed_is_passed_over_but_for_its_photo(
    bot: RetryingBot, taker: Taker, tmp_path: Path, http: ClientSession
) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
    odd = update(2, photo=photo, entities="of next year")
    async with listening(bot, taker, tmp_path) as url:
        assert await post(http, url, {"update_id": 1, "message": {"text": 5}}) == 200
        assert await post(http, url, odd) == 200
        assert await post(http, url, ["no update"]) == 200
        async with http.post(url, data=b"no json", headers={SECRET_HEADER: SECRET}) as response:
            assert response.status == 400
        large = BytesIO(b"x" * (MAX_BODY_BYTES + 1))
        async with http.post(url, data=large, headers={SECRET_HEADER: SECRET}) as response:
            assert response.status == 413
    assert taker.recorded == [2]


async def test_the_watchers_are_told_alive_and_ready(
    bot: RetryingBot, taker: Taker, tmp_path: Path, http: ClientSession
) -> None:
    async with listening(bot, taker, tmp_path) as url:
        base = url.removesuffix("/telegram")
        assert (await http.get(f"{base}/healthz")).status == 200
        assert (await http.get(f"{base}/readyz")).status == 200
        taker.go.clear()
        assert (await http.get(f"{base}/readyz")).status == 503
        assert (tmp_path / "sign").exists()
        assert (await bot.get_webhook_info()).url == url


async def test_a_port_that_is_taken_and_an_address_that_telegram_refuses_say_what_to_change(
    bot: RetryingBot, taker: Taker, tmp_path: Path
) -> None:
    async with listening(bot, taker, tmp_path) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(StartupError, match="WEBHOOK_PORT"):
            async with listening(bot, taker, tmp_path, port=port):
                pass
    with pytest.raises(StartupError, match="WEBHOOK_URL"):
        async with listening(bot, taker, tmp_path, url="https://example.org/hook"):
            pass


async def test_the_webhook_is_watched_further_after_a_page_that_is_not_telegram_s(
    bot: RetryingBot, taker: Taker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.webhook.WATCH_SECONDS", 0.01)
    look, pages, looked = (
        bot.get_webhook_info,
        [ClientDecodeError("a page", ValueError("no JSON"), None)],
        asyncio.Event(),
    )

    async def look_at_a_page_first() -> WebhookInfo:
        if pages:
            raise pages.pop()
        looked.set()
        return await look()

    monkeypatch.setattr(bot, "get_webhook_info", look_at_a_page_first)
    async with listening(bot, taker, tmp_path), asyncio.timeout(60):
        await looked.wait()
