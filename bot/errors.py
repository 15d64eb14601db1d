"""What ends the bot with one line instead of a traceback."""


class StartupError(Exception):
    """The bot cannot start, or cannot go on, as it is set up. The message is one line that says what to change."""

    exit_status = 2


class AlreadyRunning(StartupError):
    """Another process does this work. The settings are fine, and a later start may succeed."""

    exit_status = 1
