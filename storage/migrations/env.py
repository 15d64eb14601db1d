"""Alembic runs this file. Each migration and the record of it are in one transaction."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from storage.connections import create_engine


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    # SQLite alters most tables by replacing them. With foreign keys on, dropping the old one would cascade.
    engine = create_engine(context.config.attributes["url"], foreign_keys=False)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
            if connection.dialect.name != "sqlite":
                return
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            if broken:
                raise RuntimeError(f"a migration left {len(broken)} rows without what they refer to")
    finally:
        await engine.dispose()


asyncio.run(_run())
