"""Updates that came by webhook, until they are handled; and the terms of the processes that take the database."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger),
        sa.Column("content", sa.LargeBinary),
        sa.Column("arrived_at", sa.DateTime, nullable=False),
    )
    waiting = sa.text("content IS NOT NULL")
    op.create_index("ix_arrivals_waiting", "arrivals", ["update_id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_arrivals_arrived_at", "arrivals", ["arrived_at"])
    op.create_table(
        "terms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("terms")
    op.drop_table("arrivals")
