"""Where the database lies: a URL that names an SQLite file, and the file that it names."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import StorageError

DRIVER = "sqlite+aiosqlite"
EXAMPLE = f"{DRIVER}:///data/bot.db"


def url_of(path: Path) -> URL:
    """The URL of the SQLite file at `path`, whatever characters its name holds."""
    return URL.create(DRIVER, database=str(path))


def locate(url: str | URL) -> tuple[URL, Path]:
    """The parsed URL and its file. Raises StorageError for anything but an SQLite file."""
    try:
        location = make_url(url)
    except ArgumentError as error:
        raise StorageError(f"DATABASE_URL is not a URL: write it like {EXAMPLE}") from error
    if location.drivername != DRIVER or location.database in (None, "", ":memory:"):
        raise StorageError(f"DATABASE_URL must name an SQLite file: write it like {EXAMPLE}")
    return location, Path(str(location.database))
