"""The errors of this package: wrong set-up, and temporary errors."""


class StorageError(Exception):
    """Storage cannot work with this set-up. The message is one line that says what to change."""


class DatabaseInUse(StorageError):
    """Another process uses this database."""


class StorageUnavailable(Exception):
    """The database cannot do this now. The transaction was rolled back, so it may be tried again."""


class StorageBusy(StorageUnavailable):
    """Another program holds the database's write lock."""


class StorageUnreachable(StorageUnavailable):
    """There is no connection with the database server."""


class StorageFull(StorageUnavailable):
    """The disk is full."""
