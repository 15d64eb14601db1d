"""Updates that are put in the queue as they are, and files in local mode."""

import json
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError
from aiohttp import ClientSession

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from tests.bot.sandbox.playing import EMMA, PEOPLE

HIDDEN_USER_WITHOUT_NAME = {
    "update_id": 1,
    "message": {
        "message_id": 5000,
        "date": 1700000000,
        "chat": {"id": 8, "type": "private", "title": None},
        "text": "hi",
        "forward_origin": {"type": "hidden_user", "date": 1422450181},
    },
}


async def put(sandbox: Sandbox, http: ClientSession, update: object) -> int:
    async with http.post(f"{sandbox.base_url}/sim/updates", json=update) as response:
        return response.status


async def test_a_raw_update_reaches_the_bot_as_it_is(sandbox: Sandbox, http: ClientSession, emma: Person) -> None:
    assert await put(sandbox, http, HIDDEN_USER_WITHOUT_NAME) == 200
    async with http.get(f"{sandbox.base_url}/bot{sandbox.token}/getUpdates") as response:
        (update,) = json.loads(await response.text())["result"]
    assert update["update_id"] > 1
    assert update["message"] == HIDDEN_USER_WITHOUT_NAME["message"]


async def test_a_raw_update_that_cannot_be_parsed_stops_aiogram(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    await put(sandbox, http, HIDDEN_USER_WITHOUT_NAME)
    await emma.write("behind it")
    with pytest.raises(ClientDecodeError):
        await bot.get_updates()
    async with http.get(f"{sandbox.base_url}/bot{sandbox.token}/getUpdates") as response:
        first = (await response.json())["result"][0]["update_id"]
    (update,) = await bot.get_updates(offset=first + 1)
    assert update.message is not None
    assert update.message.text == "behind it"


@pytest.mark.parametrize("body", [[], "text", 1])
async def test_a_raw_update_must_be_an_object(sandbox: Sandbox, http: ClientSession, body: object) -> None:
    assert await put(sandbox, http, body) == 400


async def test_in_local_mode_get_file_gives_an_absolute_path_on_disk(tmp_path: Path, http: ClientSession) -> None:
    async with Sandbox(people=PEOPLE, local_folder=tmp_path) as sandbox:
        api = TelegramAPIServer.from_base(sandbox.base_url)
        bot = Bot(sandbox.token, session=AiohttpSession(api=api))
        sent = await Person(http, sandbox.base_url, EMMA, "Emma", "en").send_document(b"content", "a.bin")
        file = await bot.get_file(sent["document"]["file_id"])
        await bot.session.close()
        assert file.file_path is not None
        assert Path(file.file_path).is_absolute()
        assert Path(file.file_path).is_relative_to(tmp_path)
        assert Path(file.file_path).read_bytes() == b"content"
        relative = Path(file.file_path).relative_to(tmp_path)
        async with http.get(f"{sandbox.base_url}/file/bot{sandbox.token}/{relative}") as response:
            assert response.status == 404


@pytest.mark.parametrize(("kind", "size"), [("oversized", 1_000_007), ("file_lost", None)])
async def test_a_file_of_local_mode_can_be_larger_than_announced_or_lost(
    tmp_path: Path, http: ClientSession, kind: str, size: int | None
) -> None:
    async with Sandbox(people=PEOPLE, local_folder=tmp_path) as sandbox:
        bot = Bot(sandbox.token, session=AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url)))
        emma = Person(http, sandbox.base_url, EMMA, "Emma", "en")
        sent = await emma.send_document(b"content", "a.bin")
        await emma.faults({"kind": kind, "method": "getFile", "chat_id": None, "surplus": 1_000_000})
        file = await bot.get_file(sent["document"]["file_id"])
        await bot.session.close()
        assert file.file_path is not None
        assert file.file_size == 7
        path = Path(file.file_path)
        assert (path.stat().st_size if path.exists() else None) == size
