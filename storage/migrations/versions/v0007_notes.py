"""What a person writes with a photo, as ciphertext."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("note", sa.Text))


def downgrade() -> None:
    op.drop_column("requests", "note")
