"""The bot's profile: its user, its commands, and its descriptions by language."""

from __future__ import annotations

import re

from aiogram.methods import (
    DeleteMyCommands,
    GetChat,
    GetMe,
    GetMyCommands,
    GetMyDescription,
    GetMyName,
    GetMyShortDescription,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BotCommandScopeUnion,
    BotDescription,
    BotName,
    BotShortDescription,
    ChatFullInfo,
    User,
)

from bot.sandbox.errors import bad_request
from bot.sandbox.methods.registry import Registry
from bot.sandbox.state import World

methods = Registry()
COMMANDS_LIMIT = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


@methods.handles(GetMe)
async def get_me(world: World, asked: GetMe) -> User:
    return world.bot


@methods.handles(GetChat)
async def get_chat(world: World, asked: GetChat) -> ChatFullInfo:
    chat = world.conversation(asked.chat_id).chat
    return ChatFullInfo.model_validate(
        {**chat.model_dump(exclude_none=True), "accent_color_id": 0, "max_reaction_count": 11}
        | {"accepted_gift_types": dict.fromkeys(_GIFTS, False)}
    )


_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


@methods.handles(SetMyCommands)
async def set_my_commands(world: World, asked: SetMyCommands) -> bool:
    if len(asked.commands) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in asked.commands:
        if not _COMMAND.fullmatch(command.command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_scope(asked.scope), _language(asked.language_code)] = tuple(asked.commands)
    world.events.publish("commands")
    return True


@methods.handles(GetMyCommands)
async def get_my_commands(world: World, asked: GetMyCommands) -> list[BotCommand]:
    return list(world.commands.get((_scope(asked.scope), _language(asked.language_code)), ()))


@methods.handles(DeleteMyCommands)
async def delete_my_commands(world: World, asked: DeleteMyCommands) -> bool:
    world.commands.pop((_scope(asked.scope), _language(asked.language_code)), None)
    world.events.publish("commands")
    return True


@methods.handles(SetMyName)
async def set_my_name(world: World, asked: SetMyName) -> bool:
    return _set_text(world, "name", asked.language_code, asked.name)


@methods.handles(SetMyDescription)
async def set_my_description(world: World, asked: SetMyDescription) -> bool:
    return _set_text(world, "description", asked.language_code, asked.description)


@methods.handles(SetMyShortDescription)
async def set_my_short_description(world: World, asked: SetMyShortDescription) -> bool:
    return _set_text(world, "short_description", asked.language_code, asked.short_description)


@methods.handles(GetMyName)
async def get_my_name(world: World, asked: GetMyName) -> BotName:
    name = text_for(world, "name", _language(asked.language_code))
    return BotName(name=name or world.bot.first_name)


@methods.handles(GetMyDescription)
async def get_my_description(world: World, asked: GetMyDescription) -> BotDescription:
    return BotDescription(description=text_for(world, "description", _language(asked.language_code)))


@methods.handles(GetMyShortDescription)
async def get_my_short_description(world: World, asked: GetMyShortDescription) -> BotShortDescription:
    language = _language(asked.language_code)
    return BotShortDescription(short_description=text_for(world, "short_description", language))


def commands_for(world: World, user: User) -> list[BotCommand]:
    """The menu that this person sees: from the narrowest scope, and there in the person's language if possible."""
    language = (user.language_code or "")[:2]
    for scope in (f"chat:{user.id}", "all_private_chats", "default"):
        for code in (language, ""):
            if (found := world.commands.get((scope, code))) is not None:
                return list(found)
    return []


def text_for(world: World, field: str, language: str) -> str:
    """The bot's `name`, `description` or `short_description` in this language, or else the default one."""
    return world.texts.get((field, language)) or world.texts.get((field, ""), "")


def _set_text(world: World, field: str, language_code: str | None, text: str | None) -> bool:
    if len(text or "") > _TEXT_LIMITS[field]:
        raise bad_request(f"bot {field.replace('_', ' ')} is too long")
    world.texts[field, _language(language_code)] = text or ""
    world.events.publish("commands")
    return True


def _scope(scope: BotCommandScopeUnion | None) -> str:
    if scope is None:
        return "default"
    return f"chat:{scope.chat_id}" if isinstance(scope, BotCommandScopeChat) else scope.type


def _language(code: str | None) -> str:
    if not _LANGUAGE.fullmatch(code or ""):
        raise bad_request("invalid language code specified")
    return code or ""
