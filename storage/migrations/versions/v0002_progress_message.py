"""The message that shows a request's progress, so that the next start can delete it after a kill."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("progress_message_id", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("requests", "progress_message_id")
