"""The way from the chat to the Mini App and back."""

from pathlib import Path

import pytest

from bot.errors import StartupError
from bot.sandbox.faults import Fault
from bot.settings import load_settings
from inference.engine.engine import Engine
from tests.bot.examinations import ExaminingPool
from tests.bot.moles.following import answered, begun
from tests.bot.stage import EMMA, IVAN, open_stage

URL = "https://your.host/app"


async def test_the_list_of_moles_opens_the_body_map_where_there_is_one(tmp_path: Path) -> None:
    async with open_stage(tmp_path, Engine(ExaminingPool()), mini_app_url=URL) as stage:
        await stage.audience(EMMA)
        none = await stage.say(EMMA, "/moles", "You follow no mole yet")
        assert none.reply_markup is None
        await begun(stage, EMMA, await answered(stage, EMMA))
        listed = await stage.say(EMMA, "/moles", "Your moles")
        assert listed.reply_markup is not None
        button = listed.reply_markup.inline_keyboard[0][0]
        assert button.text == "Body map"
        assert button.web_app is not None and button.web_app.url == f"{URL}?bot=lesion_triage_bot"


async def test_the_list_comes_without_the_map_where_the_server_refuses_it(tmp_path: Path) -> None:
    async with open_stage(tmp_path, Engine(ExaminingPool()), mini_app_url=URL) as stage:
        await begun(stage, EMMA, await answered(stage, EMMA))
        stage.sandbox.world.faults.faults.append(Fault(kind="unknown_button", method="sendMessage"))
        listed = await stage.say(EMMA, "/moles", "Your moles")
        assert listed.reply_markup is not None
        assert [button.web_app for row in listed.reply_markup.inline_keyboard for button in row] == [None]


async def test_a_link_opens_the_mole_for_its_owner_alone(tmp_path: Path) -> None:
    async with open_stage(tmp_path, Engine(ExaminingPool())) as stage:
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        listed = await stage.say(EMMA, "/moles", "Your moles")
        assert "Body map" not in str(listed.reply_markup)
        card = await stage.say(EMMA, f"/start mole_{mole.id}", "Photos: 1, of ")
        assert "For my doctor" in str(card.reply_markup)
        await stage.audience(IVAN)
        await stage.say(IVAN, f"/start mole_{mole.id}", "Эта родинка больше не под наблюдением")
        await stage.say(EMMA, f"/start mole_{mole.id + 1}", "You do not follow this mole any more.")


@pytest.mark.parametrize("address", ["http://your.host/app", "https://your.host/", "https://your.host/app?x=1", "app"])
def test_an_address_that_telegram_would_not_open_stops_the_start(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MINI_APP_URL", address)
    with pytest.raises(StartupError, match="MINI_APP_URL: give the address of the web service by https"):
        load_settings()


@pytest.mark.parametrize("address", [URL, "http://127.0.0.1:8080/app", "http://localhost:8080/app"])
def test_an_address_by_https_or_of_this_machine_is_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MINI_APP_URL", address)
    assert load_settings().mini_app_url == address
