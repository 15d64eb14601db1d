"""Consents by purpose, kept pictures of moles, questions weeks after an answer, and a wrapped key."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain columns: SQLite adds them in place.
    op.add_column("users", sa.Column("follow_ups", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("users", sa.Column("hinted_at", sa.DateTime))
    op.create_table(
        "consents",
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("purpose", sa.String(16), primary_key=True),
        sa.Column("given_at", sa.DateTime, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime),
    )
    op.create_table(
        "mole_pictures",
        sa.Column(
            "request_id", sa.Integer, sa.ForeignKey("mole_photos.request_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("picture", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "follow_ups",
        sa.Column("request_id", sa.Integer, sa.ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("leased_until", sa.DateTime),
    )
    op.create_index("ix_follow_ups_due_at", "follow_ups", ["due_at"])
    op.create_table(
        "wrapped_keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in ("wrapped_keys", "follow_ups", "mole_pictures", "consents"):
        op.drop_table(table)
    op.drop_column("users", "hinted_at")
    op.drop_column("users", "follow_ups")
