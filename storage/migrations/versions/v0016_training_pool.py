"""The training pool: photos that people agreed to give for training, and what they were labelled."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pool_photos",
        sa.Column("request_id", sa.Integer, sa.ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.Column("outlines", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("kept_at", sa.DateTime, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "pool_labels",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "request_id", sa.Integer, sa.ForeignKey("pool_photos.request_id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("labeller_id", sa.BigInteger),
        sa.Column("outside", sa.String(64)),
        sa.Column("said", sa.LargeBinary, nullable=False),
        sa.Column("outline_open", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("request_id", "labeller_id", name="uq_pool_labels_labeller"),
        sa.UniqueConstraint("request_id", "outside", name="uq_pool_labels_outside"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pool_labels_labeller_id", "pool_labels", ["labeller_id"])


def downgrade() -> None:
    for table in ("pool_labels", "pool_photos"):
        op.drop_table(table)
