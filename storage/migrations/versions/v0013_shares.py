"""Results and moles that are shared with another person, and the notes that those leave."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("request_id", sa.Integer, sa.ForeignKey("requests.id", ondelete="CASCADE")),
        sa.Column("mole_id", sa.Integer, sa.ForeignKey("moles.id", ondelete="CASCADE")),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("owner_name", sa.Text, nullable=False),
        sa.Column("reader_id", sa.BigInteger),
        sa.Column("reader_name", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("accepted_at", sa.DateTime),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    for column in ("owner_id", "reader_id", "request_id", "mole_id"):
        op.create_index(f"ix_shares_{column}", "shares", [column])
    op.create_table(
        "share_notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("share_id", sa.Integer, sa.ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_share_notes_share_id", "share_notes", ["share_id"])


def downgrade() -> None:
    op.drop_table("share_notes")
    op.drop_table("shares")
