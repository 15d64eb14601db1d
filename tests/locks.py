"""Another program that locks the database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def write_lock(path: Path) -> AsyncIterator[None]:
    """Hold the write lock of an SQLite file meanwhile."""
    other = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
    try:
        # In a thread: whoever has the lock may need the event loop to release it.
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield
    finally:
        other.close()
