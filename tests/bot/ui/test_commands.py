"""What Telegram shows of the bot outside of its messages."""

import pytest

from bot.sandbox.methods.profile import commands_for, text_for
from bot.ui.commands import publish_profile
from bot.ui.i18n import load_i18n
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

EVERYBODYS = ["start", "help", "howto", "history", "moles", "shared", "language", "privacy", "export", "delete"]


@pytest.fixture(autouse=True)
async def introduced(stage: Stage) -> None:
    """The application introduces itself at its start; the administrators' menus come last."""
    await stage.until(lambda: "broadcast" in menu(stage, ADMIN))


def menu(stage: Stage, user: int) -> dict[str, str]:
    world = stage.sandbox.world
    return {each.command: each.description for each in commands_for(world, world.people[user].user)}


async def test_the_menu_is_registered_in_both_languages(stage: Stage) -> None:
    assert list(menu(stage, EMMA)) == list(menu(stage, IVAN)) == EVERYBODYS
    assert menu(stage, EMMA)["history"] == "Your past results"
    assert menu(stage, IVAN)["history"] == "Ваши прошлые результаты"


async def test_only_an_administrator_is_shown_the_commands_of_one(stage: Stage) -> None:
    assert list(menu(stage, ADMIN)) == [
        *EVERYBODYS,
        *("broadcast", "broadcasts", "models", "retrain", "stats", "digest", "health", "label"),
        *("labels", "maintenance", "ban", "audit", "settings", "staff"),
    ]


async def test_a_chosen_language_changes_the_menu_too(stage: Stage) -> None:
    question = await stage.say(EMMA, "/language", "In which language")
    stage.press(question, "Русский")
    await stage.until(lambda: menu(stage, EMMA)["history"] == "Ваши прошлые результаты")


async def test_the_descriptions_are_in_both_languages_and_not_set_again(stage: Stage) -> None:
    world = stage.sandbox.world
    assert "Nothing I say is a diagnosis" in (text_for(world, "description", "en") or "")
    assert "Пришлите фото родинки" in (text_for(world, "description", "ru") or "")
    calls = [each.method for each in world.calls]
    await publish_profile(stage.bot, stage.database, load_i18n(), {})
    again = [each.method for each in world.calls][len(calls) :]
    assert "setMyCommands" in again and "setMyDescription" not in again and "setMyShortDescription" not in again
