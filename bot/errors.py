"""The one error of starting up."""


class StartupError(Exception):
    """The bot cannot start as it is set up. The message is one line that says what to change."""
