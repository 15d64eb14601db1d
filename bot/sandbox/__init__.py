"""A Bot API server on loopback with a chat page, for the bot without a token and for the tests."""

from bot.sandbox.server import Sandbox

__all__ = ["Sandbox"]
