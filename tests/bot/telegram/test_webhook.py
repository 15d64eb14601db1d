"""Receiving by webhook: who may call, and that nothing is answered with 200 that could still be lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiogram.exceptions import ClientDecodeError
from aiogram.types import WebhookInfo
from aiohttp import ClientSession

from benchmarks.load.ports import free_port
from bot.errors import StartupError
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.telegram.client import RetryingBot, connect, open_session
from bot.telegram.registration import Registration
from bot.telegram.webhook import MAX_BODY_BYTES, SECRET_HEADER, Address, Webhook
from storage import Database
from tests.bot.stage import HASTY
from tests.locks import write_lock

SECRET = "a-secret-of-sixteen-or-more"
LOOPBACK = (ip_network("127.0.0.0/8"),)
TELEGRAM = (ip_network("149.154.160.0/20"),)


def update(number: int, **message: Any) -> dict[str, Any]:
    emma = {"id": 5, "is_bot": False, "first_name": "Emma"}
    content = message or {"text": "hello"}
    chat = {"id": 5, "type": "private"}
    return {"update_id": number, "message": {"message_id": number, "date": 1, "chat": chat, "from": emma, **content}}


async def recorded(database: Database) -> list[int]:
    return [each.update_id for each in await database.arrivals.waiting(100)]


def address(port: int, **changes: Any) -> Address:
    given = {"url": f"http://127.0.0.1:{port}/telegram", "sources": LOOPBACK, "proxies": (), **changes}
    return Address(secret=SECRET, host="127.0.0.1", port=port, **given)


@asynccontextmanager
async def listening(database: Database, *, is_open: bool = True, **changes: Any) -> AsyncIterator[str]:
    here = address(changes.pop("port", None) or free_port(), **changes)
    async with Webhook(here, database.arrivals, is_open=is_open).listening(1.0):
        yield here.url


async def post(http: ClientSession, url: str, body: Any, **headers: str) -> int:
    async with http.post(url, json=body, headers={SECRET_HEADER: SECRET, **headers}) as response:
        return response.status


@pytest_asyncio.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_only_who_knows_the_secret_is_heard(database: Database, http: ClientSession) -> None:
    async with listening(database) as url:
        assert await post(http, url, update(1), **{SECRET_HEADER: "another"}) == 401
        assert await post(http, url, update(1), **{SECRET_HEADER: "тайна"}) == 401
        assert await recorded(database) == []
        assert await post(http, url, update(1)) == 200
    assert await recorded(database) == [1]


async def test_only_telegram_s_networks_are_heard_by_the_address_that_a_known_proxy_tells(
    database: Database, http: ClientSession
) -> None:
    async with listening(database, sources=TELEGRAM) as url:
        # Whoever is no known proxy may write what they like.
        assert await post(http, url, update(1), **{"X-Forwarded-For": "149.154.160.1"}) == 403
    async with listening(database, sources=TELEGRAM, proxies=LOOPBACK) as url:
        assert await post(http, url, update(1)) == 403
        assert await post(http, url, update(1), **{"X-Forwarded-For": "149.154.160.1, 203.0.113.9"}) == 403
        assert await post(http, url, update(1), **{"X-Forwarded-For": "nonsense"}) == 403
        assert await recorded(database) == []
        assert await post(http, url, update(1), **{"X-Forwarded-For": "203.0.113.9, 149.154.167.99"}) == 200
    assert await recorded(database) == [1]


async def test_an_update_is_kept_as_it_came_with_whose_it_is(database: Database, http: ClientSession) -> None:
    await database.users.seen(5, "en")
    press = {"update_id": 2, "callback_query": {"id": "7", "from": {"id": 5}, "data": "x"}}
    reaction = {"update_id": 3, "message_reaction": {"user": {"id": 5}}}
    async with listening(database) as url:
        for each in (update(1), press, reaction, {"update_id": 4, "poll": {"id": "1"}}):
            assert await post(http, url, each) == 200
    kept = [json.loads(each.content or b"") for each in await database.arrivals.waiting(100)]
    assert kept == [update(1), press, reaction, {"update_id": 4, "poll": {"id": "1"}}]
    await database.users.delete(5)
    assert await recorded(database) == [4]


async def test_what_could_not_be_recorded_comes_again_and_what_comes_twice_is_kept_once(
    database: Database, http: ClientSession, tmp_path: Path
) -> None:
    async with listening(database) as url:
        async with write_lock(tmp_path / "bot.db"):
            assert await post(http, url, update(1)) == 503
        assert [await post(http, url, update(1)) for _ in range(3)] == [200] * 3
        both = await asyncio.gather(post(http, url, update(2)), post(http, url, update(2)))
        assert both == [200, 200]
    assert await recorded(database) == [1, 2]


async def test_what_is_no_update_is_passed_over(database: Database, http: ClientSession) -> None:
    async with listening(database) as url:
        assert await post(http, url, ["no update"]) == 200
        assert await post(http, url, {"message": {"text": "no number"}}) == 200
        assert await post(http, url, {"update_id": 2**63}) == 200
        async with http.post(url, data=b"no json", headers={SECRET_HEADER: SECRET}) as response:
            assert response.status == 400
        large = BytesIO(b"x" * (MAX_BODY_BYTES + 1))
        async with http.post(url, data=large, headers={SECRET_HEADER: SECRET}) as response:
            assert response.status == 413
    assert await recorded(database) == []


async def test_ready_is_who_can_record_and_alive_is_anybody(database: Database, http: ClientSession) -> None:
    async with listening(database) as url:
        base = url.removesuffix("/telegram")
        assert (await http.get(f"{base}/healthz")).status == 200
        assert (await http.get(f"{base}/readyz")).status == 200
    async with listening(database, is_open=False) as url:
        base = url.removesuffix("/telegram")
        assert (await http.get(f"{base}/healthz")).status == 200
        assert (await http.get(f"{base}/readyz")).status == 503
        assert await post(http, url, update(1)) == 503
    assert await recorded(database) == []


async def test_a_port_that_is_taken_says_what_to_change(database: Database) -> None:
    async with listening(database) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(StartupError, match="WEBHOOK_PORT"):
            async with listening(database, port=port):
                pass


@pytest_asyncio.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[RetryingBot]:
    async with open_session(sandbox.base_url) as session:
        yield connect(sandbox.token, session, HASTY)


async def test_telegram_is_told_the_address_and_a_refusal_says_what_to_change(bot: RetryingBot, tmp_path: Path) -> None:
    here = address(free_port())
    keeping = asyncio.create_task(Registration(bot, here, ["message"], tmp_path / "sign").keep())
    async with asyncio.timeout(60):
        while (await bot.get_webhook_info()).url != here.url or not (tmp_path / "sign").exists():
            pass
    keeping.cancel()
    elsewhere = address(free_port(), url="https://example.org/hook")
    with pytest.raises(StartupError, match="WEBHOOK_URL"):
        await Registration(bot, elsewhere, ["message"], tmp_path / "sign").keep()


@pytest.mark.parametrize("kind", ["drop", "html"])
async def test_the_webhook_is_set_once_telegram_is_in_reach_again(
    kind: FaultKind, bot: RetryingBot, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.registration.RETRY_SECONDS", 0.01)
    # More often than the client itself tries again.
    sandbox.world.faults.faults.append(Fault(kind=kind, method="setWebhook", times=20))
    here = address(free_port())
    keeping = asyncio.create_task(Registration(bot, here, ["message"], tmp_path / "sign").keep())
    async with asyncio.timeout(60):
        while not (tmp_path / "sign").exists():
            assert not keeping.done()
            await asyncio.sleep(0)
    assert sandbox.world.faults.faults == [] and (await bot.get_webhook_info()).url == here.url
    keeping.cancel()


async def test_the_webhook_is_watched_further_after_a_page_that_is_not_telegram_s(
    bot: RetryingBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.registration.WATCH_SECONDS", 0.01)
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
    here = address(free_port())
    keeping = asyncio.create_task(Registration(bot, here, ["message"], tmp_path / "sign").keep())
    async with asyncio.timeout(60):
        await looked.wait()
        # Somebody else takes it away; it is set again.
        await bot.delete_webhook()
        while (await look()).url != here.url:
            pass
    keeping.cancel()
