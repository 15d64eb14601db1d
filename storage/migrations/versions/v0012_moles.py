"""Moles that a person follows, the photos of each, reminders, the person's time zone, and what a doctor said."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A plain column: SQLite adds it in place.
    op.add_column("users", sa.Column("utc_offset", sa.Integer))
    op.create_table(
        "moles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_moles_user_id", "moles", ["user_id"])
    op.create_table(
        "mole_photos",
        sa.Column("request_id", sa.Integer, sa.ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("mole_id", sa.Integer, sa.ForeignKey("moles.id", ondelete="CASCADE"), nullable=False),
        sa.Column("findings", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_mole_photos_mole_id", "mole_photos", ["mole_id"])
    op.create_table(
        "reminders",
        sa.Column("mole_id", sa.Integer, sa.ForeignKey("moles.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("leased_until", sa.DateTime),
    )
    op.create_index("ix_reminders_due_at", "reminders", ["due_at"])
    op.create_table(
        "verdicts",
        sa.Column("request_id", sa.Integer, sa.ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("said", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    for table in ("verdicts", "reminders", "mole_photos", "moles"):
        op.drop_table(table)
    op.drop_column("users", "utc_offset")
