"""The topic of a photo; and a separate request for each photo that a message has shown."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# SQLite changes a constraint by replacing the table. No id may be used twice afterwards. PostgreSQL alters in place.
COUNTING_ON = {"sqlite_autoincrement": True}
LAST_NUMBER = "SELECT seq FROM sqlite_sequence WHERE name = 'requests'"


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    last = op.get_bind().execute(sa.text(LAST_NUMBER)).scalar() if sqlite else None
    with op.batch_alter_table("requests", recreate="always" if sqlite else "never", table_kwargs=COUNTING_ON) as table:
        table.add_column(sa.Column("thread_id", sa.BigInteger))
        table.add_column(sa.Column("edited_at", sa.BigInteger, nullable=False, server_default="0"))
        table.drop_constraint("uq_requests_message", type_="unique")
        table.create_unique_constraint("uq_requests_message", ["chat_id", "message_id", "edited_at"])
    _keep_counting(last)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    last = op.get_bind().execute(sa.text(LAST_NUMBER)).scalar() if sqlite else None
    op.execute("DELETE FROM requests WHERE edited_at > 0")
    with op.batch_alter_table("requests", recreate="always" if sqlite else "never", table_kwargs=COUNTING_ON) as table:
        table.drop_constraint("uq_requests_message", type_="unique")
        table.drop_column("edited_at")
        table.drop_column("thread_id")
        table.create_unique_constraint("uq_requests_message", ["chat_id", "message_id"])
    _keep_counting(last)


def _keep_counting(last: int | None) -> None:
    if last is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'requests'")
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('requests', {last})")
