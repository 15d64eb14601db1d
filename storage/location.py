"""The location of the database: the URL of an SQLite file or of a database on a PostgreSQL server."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import StorageError

DRIVER = "sqlite+aiosqlite"
SERVER_DRIVER = "postgresql+asyncpg"
EXAMPLE = f"{DRIVER}:///data/bot.db or {SERVER_DRIVER}://bot:password@host/lesions"


def url_of(path: Path) -> URL:
    """The URL of the SQLite file at `path`, whatever characters are in its name."""
    return URL.create(DRIVER, database=str(path))


def locate(url: str | URL) -> tuple[URL, Path | None]:
    """The parsed URL and its SQLite file (None for PostgreSQL). Raises StorageError for anything else."""
    try:
        location = make_url(url)
    except ArgumentError as error:
        raise StorageError(f"give an address like {EXAMPLE}") from error
    if location.drivername == SERVER_DRIVER and location.database:
        return location, None
    if location.drivername != DRIVER or location.database in (None, "", ":memory:"):
        raise StorageError(f"give an address like {EXAMPLE}")
    return location, Path(str(location.database))
