"""The errors of this package: wrong set-up, and temporary errors."""

from typing import Final

from sqlalchemy.exc import DataError

UNSTORABLE: Final = (OverflowError, ValueError, DataError)
"""A value that no database can store: a number of more than 63 bits, or invalid Unicode."""


class StorageError(Exception):
    """Storage cannot work with this set-up. The message is one line that says what to change."""


class DatabaseInUse(StorageError):
    """Another process uses this database."""


class ServerGone(StorageError):
    """The database server does not answer now; it may later."""


class StorageUnavailable(Exception):
    """The database cannot do this now. The transaction was rolled back, so it may be tried again."""


class StorageBusy(StorageUnavailable):
    """Another program holds the database's write lock."""


class StorageUnreachable(StorageUnavailable):
    """There is no connection with the database server."""


class Superseded(StorageUnavailable):
    """Another process has taken the database for itself meanwhile."""


class StorageFull(StorageUnavailable):
    """The disk is full."""


DATABASE_LOST: Final = (StorageUnreachable, Superseded)
"""With the connection, the owner of a database may have lost it to another process."""
