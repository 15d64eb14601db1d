"""Watches the calls for updates: each success leaves a sign of life, and a hopeless failure ends the bot.

aiogram repeats a failed call for updates every few seconds, whatever the reason. Here, the next call waits as long as
Telegram asks. A second bot with the same token gives way to the first one. A revoked token ends the bot.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramRetryAfter
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.errors import StartupError
from bot.telegram.refusals import CONFLICT, refusal

# A bot that meets another bot so soon after its start is the second one. One conflict may be a bot that is stopping.
NEWCOMER_SECONDS = 20.0
# After three pauses, the other bot has had time to see that it is the second one.
CONFLICT_PAUSES_SECONDS = (3.0, 3.0, 3.0, 30.0)
# The sign of life is written at most once in this time.
SIGN_SECONDS = 5.0

logger = logging.getLogger(__name__)


class PollingWatch(BaseRequestMiddleware):
    """Session middleware around the calls for updates.

    Args:
        sign_of_life: a file whose age is the time since the last successful call; `bot.health` checks it.
        end: called once if polling must end; `error` then says why.
    """

    def __init__(self, sign_of_life: Path, end: Callable[[], None]) -> None:
        self._sign_of_life = sign_of_life
        self._end = end
        self._began: float | None = None
        self._conflicts = 0
        self._signed_at = float("-inf")
        self.error: StartupError | None = None

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        is_receiving = isinstance(method, GetUpdates)
        if not is_receiving or self.error is not None:
            return await make_request(bot, method)
        if self._began is None:
            self._began = _now()
        while True:
            try:
                result = await make_request(bot, method)
            except TelegramRetryAfter as error:
                logger.warning("Telegram asks for silence: no updates for %d s", error.retry_after)
                await asyncio.sleep(error.retry_after)
            except TelegramAPIError as error:
                reason = refusal(error)
                if reason is None:
                    raise
                if isinstance(error, TelegramConflictError) and not self._has_come_second():
                    await self._let_the_other_stop()
                else:
                    await self._give_up(reason)
            else:
                if not self._is_newcomer():
                    self._conflicts = 0
                await self._sign()
                return result

    def _is_newcomer(self) -> bool:
        return self._began is not None and _now() < self._began + NEWCOMER_SECONDS

    def _has_come_second(self) -> bool:
        """Count a conflict; returns whether this bot is the one that must stop."""
        self._conflicts += 1
        return self._conflicts > 1 and self._is_newcomer()

    async def _let_the_other_stop(self) -> None:
        pause = CONFLICT_PAUSES_SECONDS[min(self._conflicts, len(CONFLICT_PAUSES_SECONDS)) - 1]
        logger.warning("%s; trying again in %d s", CONFLICT, pause)
        await asyncio.sleep(pause)

    async def _give_up(self, error: StartupError) -> None:
        """End polling, and make no calls until it has ended."""
        self.error = error
        self._end()
        await asyncio.Event().wait()

    async def _sign(self) -> None:
        if _now() < self._signed_at + SIGN_SECONDS:
            return
        self._signed_at = _now()
        try:
            await asyncio.to_thread(self._sign_of_life.touch)
        except OSError as error:
            logger.warning("no sign of life can be left: %s", error.strerror)


def _now() -> float:
    return asyncio.get_running_loop().time()
