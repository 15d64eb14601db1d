"""Announcements in several languages, to an audience, at a scheduled time; documents besides photos."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE broadcasts RENAME COLUMN photo_file_id TO file_id")
    op.add_column("broadcasts", sa.Column("translations", sa.LargeBinary))
    op.add_column("broadcasts", sa.Column("audience", sa.String(16), nullable=False, server_default="all"))
    op.add_column("broadcasts", sa.Column("starts_at", sa.DateTime))


def downgrade() -> None:
    # The earlier schema does not know these states, and such announcements must not go out by mistake.
    op.execute("UPDATE broadcasts SET state = 'cancelled' WHERE state IN ('scheduled', 'paused')")
    for name in ("starts_at", "audience", "translations"):
        op.drop_column("broadcasts", name)
    op.execute("ALTER TABLE broadcasts RENAME COLUMN file_id TO photo_file_id")
