"""Failures on demand."""

import time
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientError, ClientResponseError, ClientSession

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from tests.bot.sandbox.playing import EMMA, IVAN


async def order(sandbox: Sandbox, http: ClientSession, *faults: dict[str, Any]) -> None:
    async with http.post(f"{sandbox.base_url}/sim/faults", json=list(faults)) as response:
        assert response.status == 200, await response.text()


async def test_429_says_how_long_to_wait_and_is_used_up(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    await order(sandbox, http, {"kind": "429", "method": "sendMessage", "times": 2, "retry_after": 7})
    for _ in range(2):
        with pytest.raises(TelegramRetryAfter) as refusal:
            await bot.send_message(EMMA, "hello")
        assert refusal.value.retry_after == 7
    await bot.send_message(EMMA, "hello")


async def test_403_may_concern_one_chat(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person, ivan: Person
) -> None:
    await ivan.write("hello")
    await order(sandbox, http, {"kind": "403", "chat_id": IVAN})
    await bot.send_message(EMMA, "hello")
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(IVAN, "hello")


@pytest.mark.parametrize(
    ("kind", "words"),
    [("500", "Internal Server Error"), ("502", "Bad Gateway"), ("503", "Unavailable"), ("504", "Gateway Timeout")],
)
async def test_5xx_is_a_server_error(sandbox: Sandbox, http: ClientSession, bot: Bot, kind: str, words: str) -> None:
    await order(sandbox, http, {"kind": kind, "method": "getMe"})
    with pytest.raises(TelegramServerError, match=words):
        await bot.get_me()


async def test_a_dropped_connection_has_done_nothing(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    await order(sandbox, http, {"kind": "drop", "method": "sendMessage"})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(EMMA, "lost")
    assert [message["text"] for message in await emma.messages()] == ["hello"]


async def test_a_dropped_answer_has_done_the_work(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    await order(sandbox, http, {"kind": "drop_answer", "method": "sendMessage"})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(EMMA, "arrived")
    assert [message["text"] for message in await emma.messages()] == ["hello", "arrived"]


async def test_an_expired_file(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person) -> None:
    sent = await emma.send_document(b"x")
    await order(sandbox, http, {"kind": "file_expired", "method": "getFile"})
    with pytest.raises(TelegramBadRequest, match="wrong file_id or the file is temporarily unavailable"):
        await bot.download(sent["document"]["file_id"])


@pytest.mark.parametrize("kind", ["500", "drop", "drop_answer"])
async def test_a_download_can_fail(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person, kind: str) -> None:
    sent = await emma.send_document(bytes(1000))
    # The client itself repeats a GET once when a connection that it kept open is cut.
    times = 2 if kind == "drop" else 1
    await order(sandbox, http, {"kind": kind, "method": "download", "times": times})
    with pytest.raises(ClientError):
        await bot.download(sent["document"]["file_id"])
    assert await bot.download(sent["document"]["file_id"])


async def test_faults_can_be_read_and_forgotten(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "500", "times": 3})
    address = f"{sandbox.base_url}/sim/faults"
    async with http.get(address) as response:
        assert [fault["times"] for fault in await response.json()] == [3]
    async with http.delete(address) as response:
        assert await response.json() == []
    await bot.get_me()


async def test_an_unknown_fault_is_refused(sandbox: Sandbox, http: ClientSession) -> None:
    async with http.post(f"{sandbox.base_url}/sim/faults", json=[{"kind": "plague"}]) as response:
        assert response.status == 400


async def test_a_garbled_answer_cannot_be_parsed_though_the_work_is_done(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    await order(sandbox, http, {"kind": "garbled_answer", "method": "sendMessage"})
    with pytest.raises(ClientDecodeError):
        await bot.send_message(EMMA, "arrived")
    assert [message["text"] for message in await emma.messages()] == ["hello", "arrived"]


async def test_a_token_can_be_revoked_after_a_while(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "401", "skip": 2, "times": 1000})
    await bot.get_me()
    await bot.get_me()
    for _ in range(2):
        with pytest.raises(TelegramUnauthorizedError):
            await bot.get_me()


async def test_a_bot_can_be_logged_out(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "logged_out"})
    with pytest.raises(TelegramBadRequest, match="Logged out"):
        await bot.get_me()


async def test_a_poll_can_meet_a_second_instance(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "409", "method": "getUpdates"})
    with pytest.raises(TelegramConflictError, match="only one bot instance"):
        await bot.get_updates()


async def test_a_429_may_ask_for_ten_minutes(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "429", "retry_after": 600})
    with pytest.raises(TelegramRetryAfter) as refusal:
        await bot.get_me()
    assert refusal.value.retry_after == 600


async def test_a_group_can_become_a_supergroup(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person) -> None:
    await order(sandbox, http, {"kind": "migrated", "method": "sendMessage", "migrate_to_chat_id": -1005})
    with pytest.raises(TelegramMigrateToChat) as refusal:
        await bot.send_message(EMMA, "hello")
    assert refusal.value.migrate_to_chat_id == -1005


async def test_a_proxy_can_answer_with_a_page(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "html", "times": 2})
    with pytest.raises(ClientDecodeError):
        await bot.get_me()
    async with http.get(f"{sandbox.base_url}/bot{sandbox.token}/getMe") as response:
        assert (response.status, response.content_type) == (502, "text/html")
        assert "502 Bad Gateway" in await response.text()


async def test_a_slow_call_waits_and_then_succeeds(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    await order(sandbox, http, {"kind": "slow", "method": "getMe", "seconds": 0.3})
    started = time.monotonic()
    await bot.get_me()
    assert time.monotonic() - started >= 0.3


async def test_a_dripping_file_arrives_in_separate_pieces(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    data = b"0123456789" * 10
    sent = await emma.send_document(data)
    await order(sandbox, http, {"kind": "drip", "method": "download", "seconds": 2.0})
    path = (await bot.get_file(sent["document"]["file_id"])).file_path
    async with http.get(f"{sandbox.base_url}/file/bot{sandbox.token}/{path}") as response:
        pieces = [(piece, time.monotonic()) async for piece in response.content.iter_any()]
    assert b"".join(piece for piece, _ in pieces) == data
    # A busy machine may join a few of the twenty pieces, not most of them.
    assert len(pieces) > 10
    assert max(len(piece) for piece, _ in pieces) < len(data) / 2
    assert pieces[-1][1] - pieces[0][1] > 1.0


async def test_a_file_can_be_larger_than_announced(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    sent = await emma.send_document(bytes(100))
    await order(sandbox, http, {"kind": "oversized", "method": "download", "surplus": 300_000})
    assert (await bot.get_file(sent["document"]["file_id"])).file_size == 100
    fetched = await bot.download(sent["document"]["file_id"])
    assert fetched is not None
    assert len(fetched.read()) == 300_100


async def test_a_file_can_be_lost(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person) -> None:
    sent = await emma.send_document(bytes(100))
    await order(sandbox, http, {"kind": "file_lost", "method": "download"})
    with pytest.raises(ClientResponseError) as refusal:
        await bot.download(sent["document"]["file_id"])
    assert refusal.value.status == 404
    assert await bot.download(sent["document"]["file_id"]) is not None
