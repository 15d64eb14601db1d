"""When the clock was last trusted for erasing, because a clock that jumps must not erase everything."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

users = sa.table("users", sa.column("created_at", sa.DateTime))
requests = sa.table("requests", sa.column("created_at", sa.DateTime))


def upgrade() -> None:
    clock = op.create_table(
        "retention_clock",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("trusted_at", sa.DateTime, nullable=False),
        sa.Column("doubted_seconds", sa.Float, nullable=False),
    )
    connection = op.get_bind()
    latest = [connection.execute(sa.select(sa.func.max(each.c.created_at))).scalar() for each in (users, requests)]
    if known := [each for each in latest if each is not None]:
        op.bulk_insert(clock, [{"id": 1, "trusted_at": max(known), "doubted_seconds": 0.0}])


def downgrade() -> None:
    op.drop_table("retention_clock")
