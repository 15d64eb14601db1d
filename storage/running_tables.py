"""The tables of bots that run: what Telegram has delivered to them, and which of them may write."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, text

from storage.tables import UtcDateTime, metadata

WAITING = text("content IS NOT NULL")

# Updates by webhook. `content` is ciphertext until the update is handled, then there is none; nor is it said any more
# whose it was. The number stays for a while, so that an update which comes again is known.
arrivals = Table(
    "arrivals",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger),
    Column("content", LargeBinary),
    Column("arrived_at", UtcDateTime, nullable=False),
    # Few of a day's rows have content still.
    Index("ix_arrivals_waiting", "update_id", sqlite_where=WAITING, postgresql_where=WAITING),
    Index("ix_arrivals_arrived_at", "arrived_at"),
)

# One row: how often a process has taken a PostgreSQL database for itself. Who took it earlier may not write any more.
terms = Table(
    "terms",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
