"""Telegram's errors that mean wrong settings, each with one line that says what to do."""

from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)

from bot.errors import AlreadyRunning, StartupError

UNKNOWN_TOKEN = "BOT_TOKEN: Telegram does not know it; get one from @BotFather"
LOGGED_OUT = (
    "BOT_TOKEN: this bot is logged out of the server; set TELEGRAM_API_URL to the server that it moved to, "
    "or wait ten minutes and start again"
)
CONFLICT = "another bot receives with this BOT_TOKEN: stop it first"


def refusal(error: TelegramAPIError) -> StartupError | None:
    """Why an error of Telegram ends the bot; None if a later attempt may succeed."""
    if isinstance(error, TelegramUnauthorizedError | TelegramNotFound):
        return StartupError(UNKNOWN_TOKEN)
    if isinstance(error, TelegramBadRequest) and "logged out" in error.message.lower():
        return StartupError(LOGGED_OUT)
    if isinstance(error, TelegramConflictError):
        return AlreadyRunning(CONFLICT)
    return None
