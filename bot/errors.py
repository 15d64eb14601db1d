"""Errors that end the bot with one line instead of a traceback."""


class StartupError(Exception):
    """The bot cannot start or go on with these settings. The message is one line that says what to change."""

    exit_status = 2


class AlreadyRunning(StartupError):
    """Another process does this work already. The settings are right, and a later start may succeed."""

    exit_status = 1


class DatabaseGone(StartupError):
    """The database server does not answer now. A later start may succeed."""
