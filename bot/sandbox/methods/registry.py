"""The registry: name of a method -> function that carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiogram.methods import TelegramMethod

from bot.sandbox.state import World

Method = TypeVar("Method", bound=TelegramMethod[Any])


@dataclass(frozen=True)
class Registered:
    """A method's model, and the coroutine that returns its result or raises ApiError."""

    model: type[TelegramMethod[Any]]
    handler: Callable[[World, Any], Awaitable[Any]]


class Registry(dict[str, Registered]):
    """Functions by the lower-case name of the method they carry out."""

    def handles(
        self, model: type[Method]
    ) -> Callable[[Callable[[World, Method], Awaitable[Any]]], Callable[[World, Method], Awaitable[Any]]]:
        """A decorator: this function carries out `model`."""

        def register(
            handler: Callable[[World, Method], Awaitable[Any]],
        ) -> Callable[[World, Method], Awaitable[Any]]:
            self[model.__api_method__.lower()] = Registered(model, handler)
            return handler

        return register
