"""The bot's profile in Telegram: the menu of commands and the descriptions."""

import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import BotCommand, BotCommandScopeChat
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.ui import texts
from bot.ui.i18n import DEFAULT_LANGUAGE, LANGUAGES, supported_language
from storage.database import Database
from storage.staff import Role

logger = logging.getLogger(__name__)


def user_commands() -> list[BotCommand]:
    """The commands for everybody, in the current language."""
    return [
        BotCommand(command="start", description=_("What I am, and what I am not")),
        BotCommand(command="help", description=_("How to take a photo and read the answer")),
        BotCommand(command="howto", description=_("Good and bad photos, in pictures")),
        BotCommand(command="history", description=_("Your past results")),
        BotCommand(command="moles", description=_("Moles that you follow")),
        BotCommand(command="shared", description=_("Who can read what you share")),
        BotCommand(command="language", description=_("Русский, English")),
        BotCommand(command="privacy", description=_("What is kept about you")),
        BotCommand(command="export", description=_("Everything kept about you, as files")),
        BotCommand(command="delete", description=_("Erase everything kept about you")),
    ]


def staff_commands(role: Role) -> list[BotCommand]:
    """The additional commands for a role, in the current language."""
    labelling = [
        BotCommand(command="label", description=_("Label a photo for training")),
        BotCommand(command="labels", description=_("How far the labelling is")),
    ]
    if role is Role.REVIEWER:
        return labelling
    commands = [
        BotCommand(command="broadcast", description=_("Announce something")),
        BotCommand(command="broadcasts", description=_("Past announcements")),
        BotCommand(command="models", description=_("Served models and their figures")),
        BotCommand(command="retrain", description=_("Make the next version of the model")),
        BotCommand(command="stats", description=_("Requests and users by day")),
        BotCommand(command="digest", description=_("The figures every day or week")),
        BotCommand(command="health", description=_("How I am doing right now")),
        *labelling,
        BotCommand(command="maintenance", description=_("Let new photos wait")),
        BotCommand(command="ban", description=_("Ban somebody; /unban lifts the ban")),
        BotCommand(command="audit", description=_("What the staff did")),
        BotCommand(command="settings", description=_("What is set, without secrets")),
    ]
    return [*commands, BotCommand(command="staff", description=_("Roles"))] if role is Role.OWNER else commands


async def publish_profile(bot: Bot, database: Database, i18n: I18n, staff: Mapping[int, Role]) -> None:
    """Set menu and descriptions in every language, and the menus of the `staff` in their own chats.

    Failures are only logged, because the bot works without a menu too.
    """
    with i18n.context():
        try:
            for code in (None, *LANGUAGES):
                with i18n.use_locale(code or DEFAULT_LANGUAGE):
                    await bot.set_my_commands(user_commands(), language_code=code)
                    await _describe(bot, code)
        except TelegramAPIError as error:
            logger.warning("menu or description not set: %s", type(error).__name__)
        for user_id, role in staff.items():
            user = await database.users.get(user_id)
            with i18n.use_locale(supported_language(user.language if user else None)):
                await show_commands(bot, user_id, role)


async def _describe(bot: Bot, code: str | None) -> None:
    # Telegram allows only a few changes of these a day, so only real changes are sent.
    if (await bot.get_my_description(code)).description != texts.description():
        await bot.set_my_description(texts.description(), code)
    if (await bot.get_my_short_description(code)).short_description != texts.short_description():
        await bot.set_my_short_description(texts.short_description(), code)


async def show_commands(bot: Bot, user_id: int, role: Role | None) -> None:
    """Set the menu of one private chat in the current language, whatever the language of the client."""
    commands = user_commands() + (staff_commands(role) if role else [])
    try:
        await bot.set_my_commands(commands, BotCommandScopeChat(chat_id=user_id))
    except TelegramAPIError as error:
        # Staff who have never written to the bot have no chat with it.
        logger.warning("commands of a member of the staff not registered: %s", type(error).__name__)
