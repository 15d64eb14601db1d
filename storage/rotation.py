"""Changes the key: decrypts every ciphertext with the old key and encrypts it with the new one.

A kill at any moment loses nothing. Until the change is finished, a mark in the database keeps the bot from starting
with either key. The same command with the same keys continues the change: values that the new key decrypts are done.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Column, Row, delete, insert, literal, select, tuple_, update

from storage.cipher import (
    CHECK,
    Cipher,
    arrival_place,
    broadcast_place,
    mole_findings_place,
    mole_name_place,
    mole_picture_place,
    opinion_place,
    pool_label_place,
    pool_picture_place,
    request_place,
    share_name_place,
    share_note_place,
    verdict_place,
)
from storage.connections import Transactions
from storage.errors import StorageError
from storage.pool_tables import pool_labels, pool_photos
from storage.running_tables import arrivals
from storage.tables import (
    broadcasts,
    encryption_check,
    mole_photos,
    mole_pictures,
    moles,
    requests,
    second_opinions,
    share_notes,
    shares,
    verdicts,
    wrapped_keys,
)

CURRENT, NEXT = 1, 2  # rows of `encryption_check`
FINGERPRINTS = "fingerprints"  # row of `wrapped_keys`
ROWS_AT_ONCE = 100

Place = Callable[[Row[Any]], str]


def _of_request(column: str, row: Row[Any]) -> str:
    return request_place(column, row.user_id, row.chat_id, row.message_id, row.edited_at)


SEALED: dict[Column[Any], Place] = {
    requests.c.file_id: partial(_of_request, "file_id"),
    requests.c.file_unique_id: partial(_of_request, "file_unique_id"),
    requests.c.reply_file_id: partial(_of_request, "reply_file_id"),
    requests.c.note: partial(_of_request, "note"),
    requests.c.result: partial(_of_request, "result"),
    broadcasts.c.file_id: lambda row: broadcast_place("photo_file_id", row.id),
    broadcasts.c.translations: lambda row: broadcast_place("translations", row.id),
    moles.c.name: lambda row: mole_name_place(row.id),
    mole_photos.c.findings: lambda row: mole_findings_place(row.mole_id, row.request_id),
    mole_pictures.c.picture: lambda row: mole_picture_place(row.request_id),
    second_opinions.c.said: lambda row: opinion_place(row.request_id, row.classifier),
    verdicts.c.said: lambda row: verdict_place(row.request_id),
    pool_photos.c.picture: lambda row: pool_picture_place("picture", row.request_id),
    pool_photos.c.outlines: lambda row: pool_picture_place("outlines", row.request_id),
    pool_labels.c.said: lambda row: pool_label_place(row.id),
    shares.c.owner_name: lambda row: share_name_place("owner_name", row.token_hash),
    shares.c.reader_name: lambda row: share_name_place("reader_name", row.token_hash),
    share_notes.c.note: lambda row: share_note_place(row.share_id),
    arrivals.c.content: lambda row: arrival_place(row.update_id),
}
"""Every column of ciphertext, and the place that a row's value is bound to; a test keeps it complete."""


@dataclass(frozen=True)
class Rotated:
    """How many values have the new key now, and how many neither key decrypts. Those stay unchanged."""

    sealed: int
    unreadable: int


async def rotate(
    transactions: Transactions, old: Cipher, new: Cipher, progress: Callable[[str, int], None] | None = None
) -> Rotated:
    """Encrypt everything with the new key. `progress` gets the table and the number of its finished rows.

    No other process may use the database. Raises StorageUnavailable if the database cannot work now; try again later.
    """
    mark = {"id": NEXT, "token": new.seal(b"{}", CHECK)}
    async with transactions.write() as connection:
        await connection.execute(transactions.insert(encryption_check).values(mark).on_conflict_do_nothing())
    sealed = unreadable = 0
    for table in dict.fromkeys(column.table for column in SEALED):
        keys = tuple(table.primary_key.columns)
        position = tuple_(*keys)
        columns = [column for column in SEALED if column.table is table]
        query, done = select(table).order_by(*keys).limit(ROWS_AT_ONCE), 0
        while True:
            async with transactions.write() as connection:
                rows = (await connection.execute(query)).all()
                for row, changed, lost in await asyncio.to_thread(_resealed, rows, columns, old, new):
                    if changed:
                        this = (key == row._mapping[key.name] for key in keys)
                        await connection.execute(update(table).where(*this).values(changed))
                    sealed, unreadable = sealed + len(changed), unreadable + lost
            if not rows:
                break
            last = tuple_(*(literal(rows[-1]._mapping[key.name], key.type) for key in keys))
            query = select(table).where(position > last).order_by(*keys).limit(ROWS_AT_ONCE)
            done += len(rows)
            if progress is not None:
                progress(table.name, done)
    await _finish(transactions, old, new)
    return Rotated(sealed, unreadable)


async def _finish(transactions: Transactions, old: Cipher, new: Cipher) -> None:
    wrapped = {"name": FINGERPRINTS, "wrapped": old.wrapped_fingerprint_key(new)}
    token = {"token": new.seal(b"{}", CHECK)}
    async with transactions.write() as connection:
        await connection.execute(delete(wrapped_keys).where(wrapped_keys.c.name == FINGERPRINTS))
        await connection.execute(insert(wrapped_keys).values(wrapped))
        await connection.execute(update(encryption_check).where(encryption_check.c.id == CURRENT).values(token))
        await connection.execute(delete(encryption_check).where(encryption_check.c.id == NEXT))


def _resealed(
    rows: Sequence[Row[Any]], columns: Sequence[Column[Any]], old: Cipher, new: Cipher
) -> list[tuple[Row[Any], dict[str, Any], int]]:
    """Each row, its changed values, and the number of values that neither key decrypts."""
    found = []
    for row in rows:
        changed: dict[str, Any] = {}
        lost = 0
        for column in columns:
            value = row._mapping[column.name]
            if value is None:
                continue
            place = SEALED[column](row)
            if _opened(new, value, place) is not None:
                continue
            plain = _opened(old, value, place)
            if plain is None:
                lost += 1
            else:
                text = isinstance(value, str)
                changed[column.name] = new.seal_text(plain.decode(), place) if text else new.seal(plain, place)
        found.append((row, changed, lost))
    return found


def _opened(cipher: Cipher, value: str | bytes, place: str) -> bytes | None:
    try:
        return cipher.open_text(value, place).encode() if isinstance(value, str) else cipher.open(value, place)
    except StorageError:
        return None
