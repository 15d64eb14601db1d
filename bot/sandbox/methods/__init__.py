"""The methods of the Bot API by name: one function for each, with aiogram's model as its argument."""

from __future__ import annotations

import json
from typing import Any

from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.types import ResponseParameters

from bot.sandbox.errors import ApiError
from bot.sandbox.methods import edits, messages, profile, rich, topics, updates
from bot.sandbox.methods.registry import Registered, Registry
from bot.sandbox.state import World

__all__ = ["failure", "find_method", "perform"]

_REGISTRIES: tuple[Registry, ...] = (
    edits.methods,
    messages.methods,
    profile.methods,
    rich.methods,
    topics.methods,
    updates.methods,
)


def find_method(name: str) -> Registered:
    """The method with this name; upper or lower case does not matter. Raises: ApiError 404."""
    for registry in _REGISTRIES:
        if (found := registry.get(name.lower())) is not None:
            return found
    raise ApiError(404, "Not Found: method not found")


async def perform(registered: Registered, world: World, method: TelegramMethod[Any]) -> str:
    """Carries the method out; returns the answer as JSON from aiogram's model. Raises: ApiError."""
    result = await registered.handler(world, method)
    if registered.model is GetUpdates:
        # Raw updates may not fit aiogram's model and may not be valid Unicode.
        return json.dumps({"ok": True, "result": result})
    answer = Response[registered.model.__returning__](ok=True, result=result)  # type: ignore[name-defined]
    return answer.model_dump_json(by_alias=True, exclude_none=True)


def failure(error: ApiError) -> str:
    """Telegram's answer for an error, as JSON."""
    parameters = None
    if error.retry_after or error.migrate_to_chat_id:
        parameters = ResponseParameters(retry_after=error.retry_after, migrate_to_chat_id=error.migrate_to_chat_id)
    answer = Response[Any](ok=False, error_code=error.code, description=error.description, parameters=parameters)
    return answer.model_dump_json(by_alias=True, exclude_none=True)
