"""The tables for operators: the running retraining, who gets a digest, and alerts that were sent."""

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
