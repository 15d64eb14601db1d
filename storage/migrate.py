"""Alembic, driven from the program itself: no alembic.ini, no command line."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: URL, key: bytes, revision: str = "head") -> None:
    """Bring the database up to `revision`. Blocking, with an event loop of its own: call it in a thread.

    `key` reads what is encrypted in it and encrypts it anew. Raises StorageError where it is another one.
    """
    command.upgrade(_config(url, key), revision)


def downgrade(url: URL, key: bytes, revision: str) -> None:
    """Take the database back to `revision` ("base" for an empty one). Blocking, like `upgrade`."""
    command.downgrade(_config(url, key), revision)


def _config(url: URL, key: bytes) -> Config:
    config = Config()
    # Not `set_main_option`: that one interpolates percent signs, which paths and URLs may hold.
    config.attributes["url"] = url
    config.attributes["key"] = key
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
