"""Sets the webhook at Telegram, and checks that it stays set."""

import asyncio
import logging
from pathlib import Path
from typing import Final

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNetworkError, TelegramServerError

from bot.errors import StartupError
from bot.telegram.address import Address
from bot.telegram.client import NotUnderstood
from bot.telegram.refusals import refusal

WATCH_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 5.0
# As many as Telegram allows, because each call lasts until its update is recorded.
CONNECTIONS: Final = 100

logger = logging.getLogger(__name__)


class Registration:
    """The webhook of a bot.

    Telegram keeps the address, and tries again until somebody listens there.

    Args:
        bot: that gets the updates.
        address: of the webhook.
        allowed_updates: the kinds of updates.
        sign_of_life: file that is touched while Telegram has our address; `bot.health` checks its age.
    """

    def __init__(self, bot: Bot, address: Address, allowed_updates: list[str], sign_of_life: Path) -> None:
        self._bot = bot
        self._address = address
        self._allowed_updates = allowed_updates
        self._sign_of_life = sign_of_life

    async def keep(self) -> None:
        """Set the webhook, then check at intervals that it is still set, and log Telegram's errors.

        Raises StartupError if Telegram refuses the address, or later the bot.
        """
        while not await self._register():  # noqa: ASYNC110
            await asyncio.sleep(RETRY_SECONDS)
        complaint = None
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                found = await self._bot.get_webhook_info()
                if found.url != self._address.url:
                    logger.warning("somebody has changed the webhook of this bot; it is set again")
                    if not await self._register():
                        continue
            except TelegramAPIError as error:
                reason = refusal(error)
                if reason is not None:
                    raise reason from None
                logger.warning("the webhook cannot be checked (%s)", type(error).__name__)
                continue
            except (ClientDecodeError, NotUnderstood, StartupError) as error:
                # The answer may be the error page of a proxy.
                logger.warning("the webhook cannot be checked (%s)", error)
                continue
            if found.last_error_date and found.last_error_date != complaint:
                complaint = found.last_error_date
                logger.warning("Telegram could not deliver: %s", found.last_error_message)
            await sign(self._sign_of_life)

    async def _register(self) -> bool:
        """Set the webhook. False if Telegram is out of reach; what answers then may be the error page of a proxy."""
        try:
            await self._bot.set_webhook(
                self._address.url,
                secret_token=self._address.secret,
                allowed_updates=self._allowed_updates,
                max_connections=CONNECTIONS,
            )
        except (TelegramNetworkError, TelegramServerError, ClientDecodeError, NotUnderstood) as error:
            logger.warning("the webhook cannot be set (%s), trying again", type(error).__name__)
            return False
        except TelegramAPIError as error:
            raise refusal(error) or StartupError(f"WEBHOOK_URL: Telegram refuses it: {error.message}") from None
        await sign(self._sign_of_life)
        return True


async def sign(of_life: Path) -> None:
    """Touch the file whose age `bot.health` checks."""
    try:
        await asyncio.to_thread(of_life.touch)
    except OSError as error:
        logger.warning("no sign of life can be left: %s", error.strerror)
