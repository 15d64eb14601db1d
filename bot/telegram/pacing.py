"""Sends every call to Telegram through the rate limiter."""

from typing import cast

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import (
    DeleteMessage,
    GetUpdates,
    Response,
    SendChatAction,
    SendMediaGroup,
    SendMessageDraft,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType

from bot.telegram.rate_limit import RateLimiter

# Each follows a message that has waited for its turn.
WITHOUT_A_TURN = (DeleteMessage,)


class Pacing(BaseRequestMiddleware):
    """Session middleware that makes a call wait for its turn, and pauses if Telegram asks for it."""

    def __init__(self, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        chat_id = getattr(method, "chat_id", None)
        key = chat_id if isinstance(chat_id, int) else type(method).__name__
        is_receiving = isinstance(method, GetUpdates)
        if isinstance(method, SendChatAction | SendMessageDraft):
            # They are not important.
            action = method.action if isinstance(method, SendChatAction) else "draft"
            if not isinstance(chat_id, int) or not self._rate_limiter.may_act(chat_id, action):
                return cast(Response[TelegramType], True)
        elif isinstance(chat_id, int) and not isinstance(method, WITHOUT_A_TURN):
            await self._rate_limiter.admit(chat_id, len(method.media) if isinstance(method, SendMediaGroup) else 1)
        elif not is_receiving:
            await self._rate_limiter.until_allowed(key)
        try:
            return await make_request(bot, method)
        except TelegramRetryAfter as error:
            self._rate_limiter.hold(key, error.retry_after)
            raise
