"""The Mini App's routes over HTTP, beside a real database: who is let in, what they see, and when pictures end."""

import base64
import re
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from cryptography.fernet import Fernet
from PIL import Image

from inference.analysis import Risk
from inference.engine.engine import Engine
from storage.database import Database
from storage.location import url_of
from storage.records import Purpose
from tests.web.opening import EMMA, IVAN, TOKEN, Opened, init_data, opened
from tests.web.serving import PoolOnCommand, process, received, served
from tests.web.test_web_api import problem
from web.application import create_app
from web.keys import ApiKeys
from web.mini_app import links
from web.mini_app.init_data import VALID_SECONDS
from web.mini_app.records import Records
from web.mini_app.routes import REQUESTS_A_MINUTE, MiniApp


async def media(service: Opened, user_id: int, mole_id: int) -> list[str]:
    """The links to pictures in the time line of a mole."""
    told = await service.get(f"/app/moles/{mole_id}", init_data(user_id))
    assert told.status == 200
    return re.findall(r'src="(/media/[^"]+)"', await told.text())


async def test_a_person_sees_the_own_moles_where_they_are(tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        for user_id, language in ((EMMA, "en"), (IVAN, "ru")):
            await service.acquaint(user_id, language)
        mine = await service.follow(EMMA, "right arm", Risk.LOW, Risk.HIGH)
        await service.follow(EMMA, "<b>the odd one</b>", Risk.LOW)
        theirs = await service.follow(IVAN, "шея", Risk.RAISED)
        text = await (await service.get("/app/moles", init_data(EMMA))).text()
        assert f'class="point place-5 high" data-moles="{mine.id}" aria-label="right arm: 1"' in text
        assert "Changed since" in text and "&lt;b&gt;the odd one&lt;/b&gt;" in text and "шея" not in text
        # The language is that of the chat, whatever the client speaks.
        russian = await (await service.get("/app/moles", init_data(IVAN, "en"))).text()
        assert "Карта тела" in russian and "шея: 1" in russian and "в течение двух недель" in russian
        told = await (await service.get(f"/app/moles/{mine.id}?bot=lesion_bot", init_data(EMMA))).text()
        assert told.count("<time") == 2 == told.count("/media/")
        assert "Show this spot to a dermatologist within days" in told and "Not a diagnosis" in told
        assert f'href="https://t.me/lesion_bot?start=mole_{mine.id}"' in told
        other = await service.get(f"/app/moles/{theirs.id}", init_data(EMMA))
        assert await problem(other) == (404, "no_such_mole")
        assert (await service.get(f"/app/moles/{mine.id}?bot=//evil", init_data(EMMA))).status == 422


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "not_genuine"),
        ("", "not_genuine"),
        (init_data(EMMA, token="7000000002:another-token"), "not_genuine"),
        (init_data(EMMA).replace(str(EMMA), str(IVAN)), "not_genuine"),
        (re.sub("hash=[0-9a-f]+", "hash=", init_data(EMMA)), "not_genuine"),
        (re.sub("hash=[0-9a-f]+", "hash=%D1%8F", init_data(EMMA)), "not_genuine"),
        (init_data(EMMA) + "&" + urlencode({"user": f'{{"id": {IVAN}}}'}), "not_genuine"),
        (init_data(EMMA, user="{}"), "not_genuine"),
        (init_data(EMMA, auth_date="yesterday"), "not_genuine"),
    ],
)
async def test_only_what_telegram_signed_lately_opens_it(tmp_path: Path, data: str | None, code: str) -> None:
    async with opened(tmp_path) as service:
        await service.acquaint(EMMA)
        for path in ("/app/moles", "/app/moles/1"):
            assert await problem(await service.get(path, data)) == (401, code)
        # Signed now: a suite may take longer than such data are valid.
        for age in (VALID_SECONDS + 60, -600):
            assert await problem(await service.get("/app/moles", init_data(EMMA, age=age))) == (401, "outdated")
        assert (await service.get("/app/moles", init_data(EMMA, age=VALID_SECONDS - 600))).status == 200
        # A field that Telegram may add is signed like the others.
        assert (await service.get("/app/moles", init_data(EMMA, signature="ed25519"))).status == 200


async def test_a_kept_photo_comes_small_by_its_link_and_is_not_stored(tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        await service.acquaint(EMMA)
        mole = await service.follow(EMMA, "nose", Risk.LOW)
        [link] = await media(service, EMMA, mole.id)
        answer = await service.get(link)
        assert answer.status == 200 and answer.content_type == "image/jpeg"
        assert answer.headers["Cache-Control"] == "private, no-store"
        with Image.open(BytesIO(await answer.read())) as picture:
            assert max(picture.size) <= 480 and not picture.getexif()
        assert str(EMMA).encode() not in base64.urlsafe_b64decode(link.removeprefix("/media/"))
        assert str(EMMA) not in link


async def test_a_link_ends_after_ten_minutes_and_no_other_can_be_made(tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        await service.acquaint(EMMA)
        mole = await service.follow(EMMA, "nose", Risk.LOW)
        [link] = await media(service, EMMA, mole.id)
        service.clock.ahead = links.VALID_SECONDS - 60
        assert (await service.get(link)).status == 200
        service.clock.ahead = links.VALID_SECONDS + 60
        assert await problem(await service.get(link)) == (404, "no_picture")
        service.clock.ahead = 0
        forged = links.PictureLinks("7000000002:another-token").make(EMMA, 1)
        for other in (link[:-6] + "AAAAAA", f"/media/{forged}", "/media/1", "/media/%D1%8F"):
            assert await problem(await service.get(other)) == (404, "no_picture")


@pytest.mark.parametrize("what", ["withdrawn", "forgotten", "terms", "banned", "erased"])
async def test_a_link_is_dead_at_once_when_it_should_be(tmp_path: Path, what: str) -> None:
    async with opened(tmp_path) as service:
        await service.acquaint(EMMA)
        mole = await service.follow(EMMA, "nose", Risk.LOW)
        [link] = await media(service, EMMA, mole.id)
        assert (await service.get(link)).status == 200
        if what == "withdrawn":
            await service.database.consents.withdraw(EMMA, Purpose.PHOTOS)
        elif what == "forgotten":
            assert await service.database.moles.forget(mole.id, EMMA)
        elif what == "terms":
            await service.database.consents.withdraw_all(EMMA)
        elif what == "banned":
            assert await service.database.staff.ban(1, EMMA)
        else:
            await service.database.users.delete(EMMA)
        assert await problem(await service.get(link)) == (404, "no_picture")
        answer = await service.get("/app/moles", init_data(EMMA))
        if what in ("terms", "banned", "erased"):
            assert await problem(answer) == (403, "no_access")
        else:
            assert answer.status == 200
        if what == "withdrawn":
            told = await (await service.get(f"/app/moles/{mole.id}", init_data(EMMA))).text()
            assert "/media/" not in told and "/privacy" in told


async def test_nobody_may_ask_without_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        await service.acquaint(EMMA)
        await service.acquaint(IVAN)
        data = init_data(EMMA)
        for _ in range(REQUESTS_A_MINUTE + 40):
            answer = await service.get("/app/moles", data)
            if answer.status != 200:
                break
        assert await problem(answer) == (429, "too_often") and int(answer.headers["Retry-After"]) > 0
        assert (await service.get("/app/moles", init_data(IVAN))).status == 200


async def test_the_page_waits_for_the_bot_to_make_the_database(tmp_path: Path, http: ClientSession) -> None:
    url, key = url_of(tmp_path / "bot.db"), Fernet.generate_key()
    mini_app = MiniApp(Records(partial(Database.open_beside, url, key)), TOKEN)
    headers = {"Authorization": f"tma {init_data(EMMA)}"}
    async with served(create_app(Engine(PoolOnCommand()), ApiKeys({}), mini_app=mini_app)) as address:
        early = await received(http.get(f"{address}/app/moles", headers=headers))
        assert await problem(early) == (503, "unavailable")
        database = await Database.open(url, key)
        try:
            late = await received(http.get(f"{address}/app/moles", headers=headers))
            assert await problem(late) == (403, "no_access")
        finally:
            await database.close()


async def test_without_a_mini_app_its_addresses_are_not_there(http: ClientSession) -> None:
    async with served(create_app(Engine(PoolOnCommand()), ApiKeys({}))) as address:
        for path in ("/app", "/app/moles", "/app/body.png", "/media/x"):
            assert await problem(await received(http.get(address + path))) == (404, "not_found")


async def test_no_other_script_runs_and_telegram_alone_frames_it(http: ClientSession) -> None:
    async def no_database() -> Database:
        raise AssertionError("the page itself needs none")

    mini_app = MiniApp(Records(no_database), TOKEN)
    async with served(create_app(Engine(PoolOnCommand()), ApiKeys({}), mini_app=mini_app)) as address:
        page = await received(http.get(f"{address}/app", headers={"Accept-Language": "ru"}))
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy and "frame-ancestors https://*.telegram.org" in policy
        assert "://" not in await page.text() and 'lang="ru"' in await page.text()
        style = await received(http.get(f"{address}/app/app.css"))
        assert ".place-22{" in await style.text() and style.headers["Content-Security-Policy"] != policy


async def test_the_service_reads_what_a_bot_with_its_settings_keeps(tmp_path: Path, http: ClientSession) -> None:
    key = Fernet.generate_key()
    data = tmp_path / "data"
    database = await Database.open(url_of(data / "bot.db"), key)
    (data / "data.key").write_bytes(key + b"\n")
    try:
        await database.users.seen(EMMA, "en")
        await database.users.consent(EMMA)
        settings = {"MINI_APP_URL": "https://your.host/app", "BOT_TOKEN": TOKEN, "DATA_DIR": str(data)}
        with process(tmp_path / "log", **settings) as address:
            seen = await received(http.get(f"{address}/app/moles", headers={"Authorization": f"tma {init_data(EMMA)}"}))
            assert seen.status == 200 and "You follow no mole yet" in await seen.text()
        assert str(EMMA) not in (tmp_path / "log").read_text()
    finally:
        await database.close()
