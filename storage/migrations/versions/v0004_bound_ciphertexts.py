"""File ids are encrypted like results, and every ciphertext is bound to its row.

Before, only results were encrypted, with Fernet, which binds nothing. Text columns keep their type and hold the
ciphertext in base64, so no table has to be replaced.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from cryptography.fernet import Fernet, InvalidToken

from storage.cipher import CHECK, Cipher, broadcast_place, request_place
from storage.errors import StorageError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 500

check = sa.table("encryption_check", sa.column("id", sa.Integer), sa.column("token", sa.LargeBinary))
requests = sa.table(
    "requests",
    sa.column("id", sa.Integer),
    sa.column("user_id", sa.BigInteger),
    sa.column("chat_id", sa.BigInteger),
    sa.column("message_id", sa.BigInteger),
    sa.column("file_id", sa.Text),
    sa.column("file_unique_id", sa.Text),
    sa.column("reply_file_id", sa.Text),
    sa.column("result", sa.LargeBinary),
)
broadcasts = sa.table("broadcasts", sa.column("id", sa.Integer), sa.column("photo_file_id", sa.Text))

Change = Callable[[Any, str], Any]


def upgrade() -> None:
    key = context.config.attributes["key"]
    cipher, fernet = Cipher(key), Fernet(key)

    def old(token: bytes) -> bytes:
        try:
            return fernet.decrypt(token)
        except InvalidToken as error:
            raise StorageError(
                "the database was encrypted with another key: set the DATA_KEY or key file it was made with"
            ) from error

    _rewrite(cipher.seal_text, lambda token, place: cipher.seal(old(token), place))


def downgrade() -> None:
    key = context.config.attributes["key"]
    cipher, fernet = Cipher(key), Fernet(key)
    _rewrite(cipher.open_text, lambda sealed, place: fernet.encrypt(cipher.open(sealed, place)))


def _rewrite(change_text: Change, change_bytes: Change) -> None:
    _each(check, lambda row: {"token": change_bytes(row.token, CHECK)})

    def request(row: Any) -> dict[str, Any]:
        identity = row.user_id, row.chat_id, row.message_id
        changed = {
            name: change_text(row._mapping[name], request_place(name, *identity))
            for name in ("file_id", "file_unique_id", "reply_file_id")
            if row._mapping[name] is not None
        }
        if row.result is not None:
            changed["result"] = change_bytes(row.result, request_place("result", *identity))
        return changed

    _each(requests, request)
    _each(
        broadcasts,
        lambda row: (
            {}
            if row.photo_file_id is None
            else {"photo_file_id": change_text(row.photo_file_id, broadcast_place("photo_file_id", row.id))}
        ),
    )


def _each(table: sa.TableClause, changed: Callable[[Any], dict[str, Any]]) -> None:
    """Update each row of a table with the values that `changed` returns for it, in batches of some hundreds."""
    connection = op.get_bind()
    last = -1
    while rows := connection.execute(
        sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(ROWS_AT_ONCE)
    ).all():
        for row in rows:
            if values := changed(row):
                connection.execute(sa.update(table).where(table.c.id == row.id).values(values))
        last = rows[-1].id
