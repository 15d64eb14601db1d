"""Of several replicas, the one that has the database for itself calls Telegram, and no other."""

from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType


class Ownership(BaseRequestMiddleware):
    """Session middleware that holds back every call until it is known that it is ours to make.

    A call of a process that has lost the database waits for ever: its task is cancelled, and nothing else may follow
    from its failure.

    Args:
        confirmed: returns once that is known; see `Database.confirmed`.
    """

    def __init__(self, confirmed: Callable[[], Awaitable[None]]) -> None:
        self._confirmed = confirmed

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        await self._confirmed()
        return await make_request(bot, method)
