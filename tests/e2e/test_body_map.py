"""The whole road in the chat page: /moles, the Mini App in its frame, a mole in it, and back into the chat."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiogram.types import Message
from playwright.async_api import Browser, expect

from inference.engine.engine import Engine
from storage.database import Database
from storage.records import Purpose
from tests.bot.examinations import ExaminingPool
from tests.bot.moles.following import answered, begun
from tests.bot.stage import EMMA, Stage, open_stage
from tests.e2e.browsing import opened
from tests.web.serving import PoolOnCommand, served
from web.application import create_app
from web.keys import ApiKeys
from web.mini_app.records import Records
from web.mini_app.routes import MiniApp

TOKEN = "7000000001:the-token-of-both"


@asynccontextmanager
async def with_mini_app(folder: Path) -> AsyncIterator[Stage]:
    """The bot, and the web service beside it. The bot's database is there before anybody opens the page."""
    made: list[Database] = []

    async def bots_database() -> Database:
        return made[0]

    mini_app = MiniApp(Records(bots_database), TOKEN, on_this_machine=True)
    async with served(create_app(Engine(PoolOnCommand()), ApiKeys({}), mini_app=mini_app)) as address:
        url = f"{address}/app"
        async with open_stage(folder, Engine(ExaminingPool()), mini_app_url=url, token=TOKEN) as stage:
            made.append(stage.database)
            yield stage


async def test_the_body_map_opens_in_the_chat_and_leads_back(browser: Browser, tmp_path: Path) -> None:
    async with with_mini_app(tmp_path) as stage:
        await stage.audience(EMMA)
        await stage.database.consents.give(EMMA, Purpose.PHOTOS)
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.database.moles.rename(mole.id, EMMA, "left arm")
        await stage.say(EMMA, "/moles", "Your moles")
        async with opened(browser, f"{stage.sandbox.base_url}/#{EMMA}") as page:
            await page.get_by_role("button", name="Body map").click()
            frame = page.frame_locator("#webapp-frame")
            await frame.get_by_role("button", name="left arm: 1").click()
            picture = frame.get_by_role("img", name="Photo of ")
            await expect(picture).to_have_js_property("complete", True)
            await expect(frame.get_by_text("Watch this spot").last).to_be_visible()
            await page.screenshot(path=tmp_path / "chat.png")
            last = max(stage.sandbox.world.people[EMMA].messages)
            await frame.get_by_role("link", name="Open in the chat").click()
            card: Message = await stage.reply(EMMA, "Photos: 1, of ", after=last)
            assert "left arm" in (card.text or "")
            await expect(page.locator("#webapp")).to_be_hidden()
