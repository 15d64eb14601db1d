"""Only the active one of several replicas may call Telegram."""

from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType


class Ownership(BaseRequestMiddleware):
    """Session middleware that delays each call until this process is known to be the active one.

    If the process has lost the database, the call never returns. Its task is cancelled soon, and an error could lead to
    wrong entries in the database.

    Args:
        confirmed: returns when this process is known to be active; see `Database.confirmed`.
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
