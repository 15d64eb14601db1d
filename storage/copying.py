"""Copies one database into another, of either kind, and compares both by counts and digests."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, Row, Table, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.connections import Transactions, create_engine
from storage.errors import StorageError
from storage.running_tables import terms
from storage.tables import encryption_check, metadata

ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Copied:
    """The content of a table: the number of rows, and a SHA-256 of all their values."""

    table: str
    rows: int
    digest: str


async def copy(source: URL, target: URL) -> list[Copied]:
    """Copy all tables, and the counters of ids, so that no id is used again.

    Both databases must have the schema of this program, and no other process may use them.

    Raises:
        StorageError: the target is not empty, or differs from the source afterwards.
    """
    engines = create_engine(source), create_engine(target)
    try:
        reading, writing = (Transactions(engine) for engine in engines)
        async with reading.read() as old, writing.write() as new:
            # Opening the target with the same key has written these tables already.
            for table in (encryption_check, terms):
                await new.execute(delete(table))
            for table in metadata.sorted_tables:
                if (await new.execute(select(func.count()).select_from(table))).scalar_one():
                    raise StorageError(f"the table {table.name} of the new database is not empty: name an empty one")
            for table in metadata.sorted_tables:
                async for rows in _rows(old, table):
                    await new.execute(insert(table), [dict(row._mapping) for row in rows])
                await _continue_numbers(old, new, table)
        async with reading.read() as old, writing.read() as new:
            expected, found = [[await _digest(each, table) for table in metadata.sorted_tables] for each in (old, new)]
    except SQLAlchemyError as error:
        raise StorageError(f"the copy failed: {getattr(error, 'orig', error)}") from error
    finally:
        for engine in engines:
            await engine.dispose()
    for before, after in zip(expected, found, strict=True):
        if before != after:
            raise StorageError(f"the table {before.table} differs after the copy: {before.rows} and {after.rows} rows")
    return found


async def _rows(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Row[Any]]]:
    """All rows in the order of their keys, in batches of some hundreds."""
    result = await connection.stream(select(table).order_by(*table.primary_key.columns))
    async for rows in result.partitions(ROWS_AT_ONCE):
        yield rows


async def _digest(connection: AsyncConnection, table: Table) -> Copied:
    # Sorted here, because the databases sort text differently.
    digests: list[bytes] = []
    async for rows in _rows(connection, table):
        digests += [hashlib.sha256(repr(tuple(row)).encode()).digest() for row in rows]
    return Copied(table.name, len(digests), hashlib.sha256(b"".join(sorted(digests))).hexdigest())


async def _continue_numbers(old: AsyncConnection, new: AsyncConnection, table: Table) -> None:
    """Continue the ids in the new database where the old one was: an erased id must not come back."""
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return
    last = await _last_number(old, table)
    if last is None:
        return
    if new.dialect.name == "sqlite":
        await new.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        await new.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), {"name": table.name, "last": last})
    else:
        await new.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))


async def _last_number(old: AsyncConnection, table: Table) -> int | None:
    if old.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return (await old.execute(query, {"name": table.name})).scalar_one_or_none()
    sequence = (await old.execute(select(func.pg_get_serial_sequence(table.name, "id")))).scalar_one()
    last, was_given = (await old.execute(text(f"SELECT last_value, is_called FROM {sequence}"))).one()
    return int(last) if was_given else None
