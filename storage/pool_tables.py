"""The tables of the training pool: photos that people agreed to give for training, and their labels."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    false,
)

from storage.tables import UtcDateTime, metadata

# `picture` (a JPEG) and `outlines` are ciphertext; `size` is the bytes of both. `settled`: no further label is wanted.
pool_photos = Table(
    "pool_photos",
    metadata,
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
    Column("picture", LargeBinary, nullable=False),
    Column("outlines", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    Column("settled", Boolean, nullable=False, server_default=false()),
)

# One label a person; `said` is ciphertext. The author is one of the staff, or somebody outside. When they erase their
# data, the label stays without an author. `outline_open`: they have not chosen an outline yet.
pool_labels = Table(
    "pool_labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("request_id", ForeignKey("pool_photos.request_id", ondelete="CASCADE"), nullable=False),
    Column("labeller_id", BigInteger),
    Column("outside", String(64)),
    Column("said", LargeBinary, nullable=False),
    Column("outline_open", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("request_id", "labeller_id", name="uq_pool_labels_labeller"),
    UniqueConstraint("request_id", "outside", name="uq_pool_labels_outside"),
    Index("ix_pool_labels_labeller_id", "labeller_id"),
    sqlite_autoincrement=True,
)
