"""The tables of the operator's desk: the retraining that is going on, who gets a digest, and alerts that were told."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from storage.tables import UtcDateTime, metadata

# One row while a model is retrained. `seen_at`: when the bot that watches it last said so.
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
