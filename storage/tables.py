"""The schema after the last migration. A test compares both."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    true,
)

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """Stores aware times as naive UTC, because SQLite has no time zones, and returns aware times."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


# The first row checks the key of the database. There is a second row while the key is being changed.
encryption_check = Table(
    "encryption_check",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", LargeBinary, nullable=False),
)

# One row: when the clock was last trusted, how long the program has run since then with an untrusted clock, and the
# latest request at the last round.
retention_clock = Table(
    "retention_clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trusted_at", UtcDateTime, nullable=False),
    Column("doubted_seconds", Float, nullable=False),
    Column("latest_request", Integer, nullable=False, server_default="0"),
)

users = Table(
    "users",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(16)),
    Column("consented_at", UtcDateTime),
    Column("announcements", Boolean, nullable=False),
    Column("blocked_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    # Minutes east of Greenwich.
    Column("utc_offset", Integer),
    Column("follow_ups", Boolean, nullable=False, server_default=true()),
    # When the person read how to hold the phone: once.
    Column("hinted_at", UtcDateTime),
)

# `result`, `note` and all file ids are ciphertext; `outcome` stays readable, for recovery and the statistics.
requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("media_group_id", String(64)),
    Column("file_id", Text, nullable=False),
    Column("file_unique_id", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("progress_message_id", BigInteger),
    Column("reply_file_id", Text),
    Column("result", LargeBinary),
    Column("explanation_asked_at", UtcDateTime),
    Column("note", Text),
    Column("thread_id", BigInteger),
    Column("edited_at", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("chat_id", "message_id", "edited_at", name="uq_requests_message"),
    Index("ix_requests_user_id", "user_id", "id"),
    Index("ix_requests_created_at", "created_at"),
    Index("ix_requests_outcome", "outcome"),
    sqlite_autoincrement=True,
)

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("admin_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("entities_json", Text, nullable=False),
    Column("file_id", Text),
    Column("state", String(16), nullable=False),
    Column("progress_message_id", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # Ciphertext, because it has file ids in it.
    Column("translations", LargeBinary),
    Column("audience", String(16), nullable=False, server_default="all"),
    Column("starts_at", UtcDateTime),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("broadcast_id", ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_deliveries_state", "broadcast_id", "state"),
    Index("ix_deliveries_user_id", "user_id"),
)

# People who help to run the bot. Owners are in the settings.
roles = Table(
    "roles",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

# The database itself refuses to change or remove an entry: see migration 0010.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("action", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)

# A fingerprint instead of an id, because a ban stays after the erasure of the person's data.
bans = Table(
    "bans",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

# The switches that are on.
switches = Table(
    "switches",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

# `name` and `findings` are ciphertext.
moles = Table(
    "moles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_moles_user_id", "user_id"),
    sqlite_autoincrement=True,
)

# A photo belongs to one mole. It is erased with its request, also when that is too old. `findings` holds its
# measurements. The name stays: the ciphertext is bound to it.
mole_photos = Table(
    "mole_photos",
    metadata,
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
    Column("mole_id", ForeignKey("moles.id", ondelete="CASCADE"), nullable=False),
    Column("findings", LargeBinary, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Index("ix_mole_photos_mole_id", "mole_id"),
)

reminders = Table(
    "reminders",
    metadata,
    Column("mole_id", ForeignKey("moles.id", ondelete="CASCADE"), primary_key=True),
    Column("months", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),
    Index("ix_reminders_due_at", "due_at"),
)

# A doctor's verdict on a result; `said` is ciphertext.
verdicts = Table(
    "verdicts",
    metadata,
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
    Column("said", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# A result or a mole that the owner lets one other person read. `token_hash` is the SHA-256 of the link's token; the
# names are ciphertext. If a link is reserved for a reader, they are noted before they accept, and may be unknown to the
# bot.
shares = Table(
    "shares",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE")),
    Column("mole_id", ForeignKey("moles.id", ondelete="CASCADE")),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("owner_name", Text, nullable=False),
    Column("reader_id", BigInteger),
    Column("reader_name", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    *(Index(f"ix_shares_{column}", column) for column in ("owner_id", "reader_id", "request_id", "mole_id")),
    sqlite_autoincrement=True,
)

# Notes of readers on a share; `note` is ciphertext.
share_notes = Table(
    "share_notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("share_id", ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_share_notes_share_id", "share_id"),
    sqlite_autoincrement=True,
)

# Consents beside the terms of use, by purpose; a withdrawal stays noted.
consents = Table(
    "consents",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("given_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

# Photos of moles that are kept with their owners' agreement, as ciphertext.
mole_pictures = Table(
    "mole_pictures",
    metadata,
    Column("request_id", ForeignKey("mole_photos.request_id", ondelete="CASCADE"), primary_key=True),
    Column("picture", LargeBinary, nullable=False),
)

# Questions to ask weeks after an answer: has a doctor seen the spot?
follow_ups = Table(
    "follow_ups",
    metadata,
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),
    Index("ix_follow_ups_due_at", "due_at"),
)

# Keys that stay the same when the key of the database changes.
wrapped_keys = Table(
    "wrapped_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

# What another classifier says of an answered photo; `said` is ciphertext. `told_at`: when the
# person was notified of it.
second_opinions = Table(
    "second_opinions",
    metadata,
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
    Column("classifier", String(128), primary_key=True),
    Column("said", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
)
