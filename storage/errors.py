"""The errors of this package: what has to be set up differently, and what passes by itself."""


class StorageError(Exception):
    """Storage cannot work as it is set up. The message is one line that says what to change."""


class DatabaseInUse(StorageError):
    """Another process works on this database."""


class StorageUnavailable(Exception):
    """The database cannot do this now. Nothing of the transaction was kept, so it may be tried again."""


class StorageBusy(StorageUnavailable):
    """Another program holds the database's write lock."""


class StorageUnreachable(StorageUnavailable):
    """There is no connection with the database server."""


class StorageFull(StorageUnavailable):
    """The disk takes no more."""
