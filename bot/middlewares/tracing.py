"""One number from an update to its answer: it stands in every line of the log in between."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update
from structlog.contextvars import bound_contextvars

from bot.operator.metrics import Metrics


class Tracing(BaseMiddleware):
    """Binds the number of the update, and counts it. Tasks that are started meanwhile keep the number."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        assert isinstance(event, Update)
        self._metrics.count_update(event.event_type)
        with bound_contextvars(update=event.update_id):
            return await handler(event, data)
