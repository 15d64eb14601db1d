"""When a person asked for an explanation that is not given yet, so that a kill does not lose it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("explanation_asked_at", sa.DateTime))


def downgrade() -> None:
    op.drop_column("requests", "explanation_asked_at")
