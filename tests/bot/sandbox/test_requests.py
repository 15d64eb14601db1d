"""What the Bot API answers to requests that are wrong before any method is carried out."""

import asyncio
import json
from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import BufferedInputFile
from aiohttp import ClientSession, FormData

from bot.sandbox import Sandbox, forms
from bot.sandbox.client import Person
from tests.bot.sandbox.playing import EMMA, picture


async def call(http: ClientSession, address: str, **body: Any) -> tuple[int, dict[str, Any]]:
    async with http.post(address, **body) as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


async def test_a_foreign_token_is_unauthorized(sandbox: Sandbox, http: ClientSession) -> None:
    answer = await call(http, f"{sandbox.base_url}/bot7000000001:other/getMe")
    assert answer == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})


async def test_no_token_at_all_is_not_found(sandbox: Sandbox, http: ClientSession) -> None:
    answer = await call(http, f"{sandbox.base_url}/botnonsense/getMe")
    assert answer == (404, {"ok": False, "error_code": 404, "description": "Not Found"})


async def test_an_unknown_method_is_not_found(sandbox: Sandbox, http: ClientSession) -> None:
    status, answer = await call(http, f"{sandbox.base_url}/bot{sandbox.token}/sendTelepathy")
    assert (status, answer["description"]) == (404, "Not Found: method not found")


async def test_method_names_are_read_in_any_case(sandbox: Sandbox, http: ClientSession) -> None:
    status, answer = await call(http, f"{sandbox.base_url}/bot{sandbox.token}/GETME")
    assert status == 200
    assert answer["result"]["username"] == "echo_bot"


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart"])
async def test_parameters_may_come_in_every_form(sandbox: Sandbox, http: ClientSession, emma: Person, how: str) -> None:
    address = f"{sandbox.base_url}/bot{sandbox.token}/sendMessage"
    keyboard = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    asked = {"chat_id": str(EMMA), "text": "hello", "reply_markup": json.dumps(keyboard)}
    if how == "query":
        status, answer = await call(http, address, params=asked)
    elif how == "form":
        status, answer = await call(http, address, data=asked)
    elif how == "json":
        status, answer = await call(http, address, json={"chat_id": EMMA, "text": "hello", "reply_markup": keyboard})
    else:
        form = FormData(asked, default_to_multipart=True)
        status, answer = await call(http, address, data=form)
    assert status == 200
    assert answer["result"]["chat"]["id"] == EMMA
    assert answer["result"]["reply_markup"] == keyboard


@pytest.mark.parametrize(
    ("method", "asked", "complaint"),
    [
        ("sendMessage", {"text": "a"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": EMMA}, "message text is empty"),
        ("sendPhoto", {"chat_id": EMMA}, "there is no photo in the request"),
        ("sendDocument", {"chat_id": EMMA}, "there is no document in the request"),
        ("deleteMessage", {"chat_id": EMMA}, "message identifier is not specified"),
        ("getFile", {}, "file_id not specified"),
        ("setMyCommands", {"commands": "[{"}, "can't parse commands JSON object"),
        ("sendPhoto", {"chat_id": EMMA, "photo": "attach://x"}, "file attachment was not found in the request"),
    ],
)
async def test_a_missing_or_broken_parameter_is_named(
    sandbox: Sandbox, http: ClientSession, emma: Person, method: str, asked: dict[str, Any], complaint: str
) -> None:
    status, answer = await call(http, f"{sandbox.base_url}/bot{sandbox.token}/{method}", json=asked)
    assert (status, answer["description"]) == (400, f"Bad Request: {complaint}")


async def test_a_parameter_of_the_wrong_type_is_named(sandbox: Sandbox, http: ClientSession, emma: Person) -> None:
    asked = {"chat_id": EMMA, "message_id": "soon"}
    status, answer = await call(http, f"{sandbox.base_url}/bot{sandbox.token}/deleteMessage", json=asked)
    assert status == 400
    assert answer["description"].startswith("Bad Request: can't parse message id")


async def test_a_file_may_stand_under_the_parameters_own_name(
    sandbox: Sandbox, http: ClientSession, emma: Person
) -> None:
    form = FormData({"chat_id": str(EMMA)})
    form.add_field("photo", picture(), filename="a.jpg")
    status, answer = await call(http, f"{sandbox.base_url}/bot{sandbox.token}/sendPhoto", data=form)
    assert status == 200
    assert answer["result"]["photo"]


async def test_an_upload_over_the_limit_is_413(bot: Bot, emma: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FILE_LIMIT", 1000)
    with pytest.raises(Exception, match="Request Entity Too Large"):
        await bot.send_document(EMMA, BufferedInputFile(bytes(1001), "big.bin"))


async def test_every_call_is_kept_with_its_outcome_and_without_the_token(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    await bot.send_photo(EMMA, BufferedInputFile(picture(), "a.jpg"), caption="look")
    with pytest.raises(Exception, match="chat not found"):
        await bot.send_message(77, "hello")
    async with http.get(f"{sandbox.base_url}/sim/calls") as response:
        text = await response.text()
    photo, message = json.loads(text)["calls"]
    assert sandbox.token not in text
    assert (photo["method"], photo["chat_id"], photo["ok"]) == ("sendPhoto", EMMA, True)
    assert photo["params"]["caption"] == "look"
    assert photo["params"]["photo"].startswith("<a.jpg, ")
    assert (message["ok"], message["error_code"]) == (False, 400)
    assert message["description"] == "Bad Request: chat not found"


async def test_calls_can_be_waited_for(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    version = sandbox.world.events.version
    address = f"{sandbox.base_url}/sim/calls?method=getMe&beyond={version}&wait=20"

    async def watch() -> list[dict[str, Any]]:
        async with http.get(address) as response:
            return (await response.json())["calls"]

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        group.create_task(bot.get_me())
    assert [each["method"] for each in watching.result()] == ["getMe"]
