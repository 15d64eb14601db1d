"""Tracing: one number for each update, in every line of the log up to its answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update
from aiogram.types.update import UpdateTypeLookupError
from structlog.contextvars import bound_contextvars

from bot.operator.metrics import Metrics


class Tracing(BaseMiddleware):
    """Binds the number of the update, and counts the update. Tasks that start meanwhile keep the number."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        assert isinstance(event, Update)
        self._metrics.count_update(_kind(event))
        with bound_contextvars(update=event.update_id):
            return await handler(event, data)


def _kind(update: Update) -> str:
    try:
        return update.event_type
    except UpdateTypeLookupError:
        # Newer than the library.
        return "unknown"
