"""The languages in which the bot speaks."""

from tests.bot.ui.conftest import language as language
