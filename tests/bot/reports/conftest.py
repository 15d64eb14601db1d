from tests.bot.ui.conftest import language

__all__ = ["language"]
