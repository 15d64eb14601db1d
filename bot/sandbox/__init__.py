"""A Bot API server on loopback with a chat page: the bot without a token, and what the tests talk to."""

from bot.sandbox.server import Sandbox

__all__ = ["Sandbox"]
