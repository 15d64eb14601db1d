"""The topic of a chat in which a photo came: everything about it goes there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("thread_id", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("requests", "thread_id")
