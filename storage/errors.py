"""The one error of this package."""


class StorageError(Exception):
    """Storage cannot work as it is set up. The message is one line that says what to change."""
