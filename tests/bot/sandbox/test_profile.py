"""Commands and descriptions, by language and scope."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from tests.bot.sandbox.playing import ADMIN, EMMA


async def menu(person: Person, user_id: int | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = await person.get(f"/sim/users/{user_id or person.id}/menu")
    return shown


def named(*names: str) -> list[BotCommand]:
    return [BotCommand(command=name, description="x") for name in names]


async def test_the_bot_is_who_its_token_says(bot: Bot, sandbox: Sandbox) -> None:
    me = await bot.get_me()
    assert me.is_bot
    assert str(me.id) == sandbox.token.partition(":")[0]


async def test_each_person_sees_the_menu_of_their_language(bot: Bot, emma: Person, ivan: Person) -> None:
    await bot.set_my_commands([BotCommand(command="help", description="Help")])
    await bot.set_my_commands([BotCommand(command="help", description="Помощь")], language_code="ru")
    assert (await menu(emma))["commands"] == [{"command": "help", "description": "Help"}]
    assert (await menu(ivan))["commands"] == [{"command": "help", "description": "Помощь"}]


async def test_the_narrowest_scope_wins(bot: Bot, emma: Person) -> None:
    await bot.set_my_commands(named("help"))
    await bot.set_my_commands(named("help", "history"), scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands(named("stats"), scope=BotCommandScopeChat(chat_id=ADMIN))
    assert [each["command"] for each in (await menu(emma))["commands"]] == ["help", "history"]
    assert [each["command"] for each in (await menu(emma, ADMIN))["commands"]] == ["stats"]
    kept = await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=ADMIN))
    assert [command.command for command in kept] == ["stats"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(chat_id=ADMIN))
    assert [each["command"] for each in (await menu(emma, ADMIN))["commands"]] == ["help", "history"]


@pytest.mark.parametrize(
    ("commands", "complaint"),
    [
        ([BotCommand(command="Help", description="x")], "BOT_COMMAND_INVALID"),
        ([BotCommand(command="/help", description="x")], "BOT_COMMAND_INVALID"),
        ([BotCommand(command="help", description="x" * 257)], "BOT_COMMAND_DESCRIPTION_INVALID"),
        (named(*(f"c{number}" for number in range(101))), "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_bad_commands_are_refused(bot: Bot, commands: list[BotCommand], complaint: str) -> None:
    with pytest.raises(TelegramBadRequest, match=complaint):
        await bot.set_my_commands(commands)


async def test_a_language_is_two_letters(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="invalid language code specified"):
        await bot.set_my_commands(named("help"), language_code="eng")


async def test_descriptions_by_language(bot: Bot, emma: Person, ivan: Person) -> None:
    await bot.set_my_description("A bot")
    await bot.set_my_description("Бот", language_code="ru")
    await bot.set_my_short_description("Short")
    await bot.set_my_name("Mole")
    assert (await menu(emma))["description"] == "A bot"
    assert (await menu(ivan))["description"] == "Бот"
    assert (await menu(ivan))["name"] == "Mole"
    assert (await bot.get_my_description("ru")).description == "Бот"
    assert (await bot.get_my_short_description("ru")).short_description == "Short"
    assert (await bot.get_my_name()).name == "Mole"


async def test_texts_that_are_too_long_are_refused(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="bot description is too long"):
        await bot.set_my_description("a" * 513)
    with pytest.raises(TelegramBadRequest, match="bot short description is too long"):
        await bot.set_my_short_description("a" * 121)


async def test_a_person_can_be_looked_up(bot: Bot, emma: Person) -> None:
    chat = await bot.get_chat(EMMA)
    assert (chat.type, chat.first_name) == ("private", "Emma")
