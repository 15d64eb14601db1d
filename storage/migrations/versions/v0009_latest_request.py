"""The latest request at the last round. Later requests cannot be older than that round."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("retention_clock", sa.Column("latest_request", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE retention_clock SET latest_request = (SELECT coalesce(max(id), 0) FROM requests)")


def downgrade() -> None:
    op.drop_column("retention_clock", "latest_request")
