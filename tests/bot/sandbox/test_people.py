"""What a person does over /sim, and how it reaches the bot."""

import asyncio
import io
import json
import zlib

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError
from aiohttp import ClientSession
from PIL import Image

from bot.sandbox import Sandbox
from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import ADMIN, DOT, EMMA, IVAN, picture


async def test_the_bot_and_the_people_are_those_handed_in(sandbox: Sandbox, http: ClientSession) -> None:
    async with http.get(f"{sandbox.base_url}/sim/users") as response:
        answer = await response.json()
    assert (answer["bot"]["first_name"], answer["bot"]["username"]) == ("Echo", "echo_bot")
    there = [(user["id"], user["language_code"]) for user in answer["users"]]
    assert there == [(EMMA, "en"), (IVAN, "ru"), (ADMIN, "en")]


async def test_people_can_be_added_and_renamed(sandbox: Sandbox, http: ClientSession, bot: Bot) -> None:
    for name in ("Olga", "Olga P."):
        new = {"id": 5, "first_name": name, "language_code": "ru"}
        async with http.post(f"{sandbox.base_url}/sim/users", json=new) as response:
            assert response.status == 200
    assert (await bot.get_chat(5)).first_name == "Olga P."
    bad = {"id": sandbox.world.bot.id, "first_name": "me"}
    async with http.post(f"{sandbox.base_url}/sim/users", json=bad) as response:
        assert response.status == 400


async def test_a_text_becomes_an_update(bot: Bot, emma: Person) -> None:
    written = await emma.write("/start <b>now</b>", parse_mode="HTML")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.message_id == written["message_id"]
    assert update.message.from_user is not None
    assert update.message.from_user.language_code == "en"
    assert update.message.entities is not None
    assert [entity.type for entity in update.message.entities] == ["bot_command", "bold"]


async def test_a_person_can_reply(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "which?")
    await emma.write("this", reply_to=sent.message_id)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.text == "which?"


async def test_an_album_arrives_as_separate_updates_of_one_group(bot: Bot, emma: Person) -> None:
    await emma.send_photos(picture(), picture(), picture(), caption="three of them")
    updates = await bot.get_updates()
    messages = [update.message for update in updates if update.message]
    assert len(messages) == 3
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["three of them", None, None]


async def test_a_single_photo_is_no_album(bot: Bot, emma: Person) -> None:
    (message,) = await emma.send_photos(picture())
    assert "media_group_id" not in message


@pytest.mark.parametrize("count", [0, 11])
async def test_an_album_has_ten_photos_at_most(emma: Person, count: int) -> None:
    with pytest.raises(Refused, match="an album has 2 to 10 photos"):
        await emma.send_photos(*[picture()] * count, caption="x")


async def test_photos_are_shrunk_and_upright_and_have_no_exif(bot: Bot, emma: Person) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    (message,) = await emma.send_photos(picture(2000, 1000, exif=exif))
    assert [max(size["width"], size["height"]) for size in message["photo"]] == [90, 320, 800, 1280]
    fetched = await bot.download(message["photo"][-1]["file_id"])
    assert fetched is not None
    with Image.open(fetched) as image:
        assert (image.format, image.size) == ("JPEG", (640, 1280))
        assert not image.getexif()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (picture(8, 8), (8, 8)),
        (picture(mode="CMYK"), (64, 48)),
        (picture(kind="PNG", mode="I;16"), (64, 48)),
        (picture(kind="PNG", mode="RGBA"), (64, 48)),
        (picture(kind="WEBP"), (64, 48)),
        (picture(kind="HEIF"), (64, 48)),
    ],
)
async def test_every_kind_of_picture_becomes_a_photo(emma: Person, data: bytes, size: tuple[int, int]) -> None:
    (message,) = await emma.send_photos(data)
    assert (message["photo"][-1]["width"], message["photo"][-1]["height"]) == size


async def test_sixteen_bits_keep_their_brightness(sandbox: Sandbox, http: ClientSession, emma: Person) -> None:
    buffer = io.BytesIO()
    Image.new("I;16", (32, 32), 40_000).save(buffer, "PNG")
    (message,) = await emma.send_photos(buffer.getvalue())
    async with http.get(f"{sandbox.base_url}/sim/files/{message['photo'][-1]['file_id']}") as response:
        image = Image.open(io.BytesIO(await response.read()))
    assert abs(image.convert("L").getpixel((16, 16)) - 40_000 // 256) <= 3


@pytest.mark.parametrize("data", [b"", b"text", picture()[:200]])
async def test_what_is_no_picture_cannot_be_sent_as_one(emma: Person, data: bytes) -> None:
    with pytest.raises(Refused, match="Bad Request: IMAGE_PROCESS_FAILED") as refusal:
        await emma.send_photos(data)
    assert refusal.value.status == 400


async def test_too_many_pixels_are_refused_before_decoding(emma: Person) -> None:
    # A header that claims 30,000 x 30,000 and has no pixels: decoding it would fail otherwise.
    header = bytearray(picture(16, 16, "PNG"))
    header[16:24] = (30_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(Refused, match="PHOTO_INVALID_DIMENSIONS"):
        await emma.send_photos(bytes(header))


async def test_a_document_keeps_bytes_name_and_type(bot: Bot, emma: Person) -> None:
    sent = await emma.send_document(b"not an image", "mole.jpg")
    assert sent["document"]["file_name"] == "mole.jpg"
    assert sent["document"]["mime_type"] == "image/jpeg"
    fetched = await bot.download(sent["document"]["file_id"])
    assert fetched is not None
    assert fetched.read() == b"not an image"


@pytest.mark.parametrize("kind", ["voice", "video", "sticker", "animation"])
async def test_other_kinds_of_messages(bot: Bot, emma: Person, kind: str) -> None:
    await emma.act(kind)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.content_type == kind
    # Telegram fills `document` for an animation too, and only for it.
    assert (update.message.document is not None) == (kind == "animation")


async def test_who_blocks_the_bot_is_out_of_its_reach(bot: Bot, emma: Person) -> None:
    await emma.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(EMMA, "hello")
    with pytest.raises(Refused, match="has blocked the bot"):
        await emma.write("hello")
    await emma.block(False)
    await bot.send_message(EMMA, "hello")
    changes = [update.my_chat_member for update in await bot.get_updates()]
    assert [change.new_chat_member.status for change in changes if change] == ["kicked", "member"]


async def test_a_stranger_is_not_found(sandbox: Sandbox, http: ClientSession) -> None:
    with pytest.raises(Refused, match="chat not found"):
        await Person(http, sandbox.base_url, 99, "Nobody", "en").write("hello")


async def test_a_transcript_can_be_waited_for(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person) -> None:
    version = (await emma.transcript())["version"]
    address = f"{sandbox.base_url}/sim/users/{EMMA}/transcript?wait=20"

    async def until_text() -> str:
        seen = version
        while True:
            async with http.get(f"{address}&beyond={seen}") as response:
                transcript = await response.json()
            if transcript["messages"][-1]["from"]["is_bot"]:
                return str(transcript["messages"][-1]["text"])
            seen = transcript["version"]

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(until_text())
        group.create_task(bot.send_message(EMMA, "here"))
    assert waiting.result() == "here"


async def test_events_tell_what_happens(sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person) -> None:
    async with http.get(f"{sandbox.base_url}/sim/events") as stream:
        assert stream.content_type == "text/event-stream"
        await stream.content.readuntil(b"\n\n")
        sent = await bot.send_message(EMMA, "one")
        await bot.edit_message_text("two", chat_id=EMMA, message_id=sent.message_id)
        await bot.delete_message(EMMA, sent.message_id)
        seen = []
        while "delete" not in seen:
            block = await stream.content.readuntil(b"\n\n")
            event = json.loads(block.split(b"data: ")[1])
            if event["kind"] != "call":
                assert event["chat_id"] == EMMA
                seen.append(event["kind"])
    assert seen == ["message", "edit", "delete"]


async def test_the_page_shows_pictures_and_offers_the_rest_as_downloads(
    sandbox: Sandbox, http: ClientSession, emma: Person
) -> None:
    (photo,) = await emma.send_photos(picture())
    page = await emma.send_document(b"<script>alert(1)</script>", "page.html")
    async with http.get(f"{sandbox.base_url}/sim/files/{photo['photo'][-1]['file_id']}") as response:
        assert (response.content_type, response.headers["Content-Disposition"]) == ("image/jpeg", "inline")
    async with http.get(f"{sandbox.base_url}/sim/files/{page['document']['file_id']}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with http.get(f"{sandbox.base_url}/sim/files/none") as response:
        assert response.status == 404


async def test_the_pictures_handed_in_are_offered_to_the_page(sandbox: Sandbox, http: ClientSession) -> None:
    async with http.get(f"{sandbox.base_url}/sim/samples") as response:
        assert await response.json() == [{"number": 0, "title": "A dot"}]
    async with http.get(f"{sandbox.base_url}/sim/samples/0") as response:
        assert (response.content_type, await response.read()) == ("image/jpeg", DOT)
    async with http.get(f"{sandbox.base_url}/sim/samples/1") as response:
        assert response.status == 404
