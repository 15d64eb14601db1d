"""Runs Alembic from the program, without alembic.ini and without its command line."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: URL, key: bytes, revision: str = "head") -> None:
    """Upgrade the database to `revision`. Blocking, with its own event loop, so call it in a thread.

    `key` decrypts the data, and encrypts it again. Raises StorageError if it is not the right key.
    """
    command.upgrade(_config(url, key), revision)


def newest(url: URL, key: bytes) -> str | None:
    """The revision that `upgrade` leads to."""
    return ScriptDirectory.from_config(_config(url, key)).get_current_head()


def downgrade(url: URL, key: bytes, revision: str) -> None:
    """Downgrade the database to `revision` ("base" for an empty one). Blocking, like `upgrade`."""
    command.downgrade(_config(url, key), revision)


def _config(url: URL, key: bytes) -> Config:
    config = Config()
    # `set_main_option` would interpolate percent signs, which may be in paths and URLs.
    config.attributes["url"] = url
    config.attributes["key"] = key
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
