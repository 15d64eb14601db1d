"""The tables of the operator's desk: a retraining that is going on, who gets a digest, and reported faults."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from storage.tables import UtcDateTime, metadata

# One row while a model is retrained. `seen_at`: the last sign of life of the bot that watches it.
retrainings = Table(
    "retrainings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("machine", String(255), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("every", String(16), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),
    Index("ix_digests_due_at", "due_at"),
)

# Faults that administrators were notified of and that are not over.
alerts = Table(
    "alerts",
    metadata,
    Column("fault", String(32), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)
