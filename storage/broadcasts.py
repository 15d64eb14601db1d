"""Announcements and their deliveries. Each delivery goes out at most once, whenever the process dies."""

import logging
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Update, func, insert, literal, select, update

from storage.cipher import Cipher, broadcast_place
from storage.connections import Transactions
from storage.errors import StorageError
from storage.records import (
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Delivery,
    DeliveryCounts,
    DeliveryState,
)
from storage.tables import broadcasts, deliveries, users
from storage.users import is_recipient

logger = logging.getLogger(__name__)


class Broadcasts:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def create(
        self,
        admin_id: int,
        chat_id: int,
        kind: BroadcastKind,
        text: str,
        entities_json: str,
        photo_file_id: str | None,
    ) -> Broadcast:
        """A draft. `chat_id` is where its progress is told."""
        statement = (
            insert(broadcasts)
            .values(
                admin_id=admin_id,
                chat_id=chat_id,
                kind=kind,
                text=text,
                entities_json=entities_json,
                state=BroadcastState.DRAFT,
                created_at=datetime.now(UTC),
            )
            .returning(*broadcasts.c)
        )
        async with self._transactions.write() as connection:
            row = (await connection.execute(statement)).one()
            if photo_file_id is not None:
                # Bound to the number of the broadcast, which is known only now.
                sealed = self._cipher.seal_text(photo_file_id, broadcast_place("photo_file_id", row.id))
                with_photo = update(broadcasts).where(broadcasts.c.id == row.id).values(photo_file_id=sealed)
                row = (await connection.execute(with_photo.returning(*broadcasts.c))).one()
        return opened_broadcast(self._cipher, row)

    async def get(self, broadcast_id: int) -> Broadcast | None:
        async with self._transactions.read() as connection:
            query = select(broadcasts).where(broadcasts.c.id == broadcast_id)
            row = (await connection.execute(query)).one_or_none()
        return opened_broadcast(self._cipher, row) if row is not None else None

    async def confirm(self, broadcast_id: int) -> bool:
        """Start a draft for all who are recipients now. Of several confirmations one is told True."""
        async with self._transactions.write() as connection:
            start = _step(broadcast_id, BroadcastState.DRAFT, BroadcastState.RUNNING)
            if (await connection.execute(start)).rowcount == 0:
                return False
            recipients = select(
                literal(broadcast_id),
                users.c.id,
                literal(DeliveryState.PENDING.value),
                literal(datetime.now(UTC), deliveries.c.updated_at.type),
            ).where(is_recipient())
            columns = ["broadcast_id", "user_id", "state", "updated_at"]
            await connection.execute(insert(deliveries).from_select(columns, recipients))
            return True

    async def cancel(self, broadcast_id: int) -> bool:
        """Drop a draft; False if it is not one any more."""
        async with self._transactions.write() as connection:
            cancelled = await connection.execute(_step(broadcast_id, BroadcastState.DRAFT, BroadcastState.CANCELLED))
            return cancelled.rowcount == 1

    async def running(self) -> list[Broadcast]:
        """Broadcasts that were confirmed and are not finished, oldest first."""
        async with self._transactions.read() as connection:
            query = select(broadcasts).where(broadcasts.c.state == BroadcastState.RUNNING)
            rows = (await connection.execute(query.order_by(broadcasts.c.id))).all()
        found = []
        for row in rows:
            try:
                found.append(opened_broadcast(self._cipher, row))
            except StorageError as error:
                # It cannot go on, but others can.
                logger.error("broadcast %d: %s", row.id, error)
        return found

    async def next_batch(self, broadcast_id: int, size: int) -> list[Delivery]:
        """Up to `size` people whose turn has come; they stay pending until `mark_sending`."""
        query = (
            select(deliveries.c.user_id, users.c.language)
            .join(users, users.c.id == deliveries.c.user_id)
            .where(deliveries.c.broadcast_id == broadcast_id, deliveries.c.state == DeliveryState.PENDING)
            .order_by(deliveries.c.user_id)
            .limit(size)
        )
        async with self._transactions.read() as connection:
            return [Delivery(**row._mapping) for row in (await connection.execute(query)).all()]

    async def mark_sending(self, broadcast_id: int, user_id: int) -> bool:
        """Commit to one delivery, before its message goes out. False: do not send it (any more)."""
        return await self._mark(broadcast_id, user_id, DeliveryState.PENDING, DeliveryState.SENDING)

    async def mark(self, broadcast_id: int, user_id: int, state: DeliveryState) -> None:
        """Note how a delivery ended. BLOCKED marks the person too; PENDING puts one that surely did not
        go out back in the queue."""
        await self._mark(broadcast_id, user_id, DeliveryState.SENDING, state)

    async def counts(self, broadcast_id: int) -> DeliveryCounts:
        query = (
            select(deliveries.c.state, func.count())
            .where(deliveries.c.broadcast_id == broadcast_id)
            .group_by(deliveries.c.state)
        )
        async with self._transactions.read() as connection:
            found = {row[0]: row[1] for row in (await connection.execute(query)).all()}
        return DeliveryCounts(**found)

    async def finish(self, broadcast_id: int) -> bool:
        """Close a running broadcast; False if it is not running (any more)."""
        statement = _step(broadcast_id, BroadcastState.RUNNING, BroadcastState.FINISHED)
        async with self._transactions.write() as connection:
            finished = await connection.execute(statement.values(finished_at=datetime.now(UTC)))
            return finished.rowcount == 1

    async def set_progress_message(self, broadcast_id: int, message_id: int) -> None:
        async with self._transactions.write() as connection:
            await connection.execute(
                update(broadcasts).where(broadcasts.c.id == broadcast_id).values(progress_message_id=message_id)
            )

    async def _mark(self, broadcast_id: int, user_id: int, old: DeliveryState, new: DeliveryState) -> bool:
        now = datetime.now(UTC)
        statement = (
            update(deliveries)
            .where(
                deliveries.c.broadcast_id == broadcast_id,
                deliveries.c.user_id == user_id,
                deliveries.c.state == old,
            )
            .values(state=new, updated_at=now)
        )
        async with self._transactions.write() as connection:
            marked = (await connection.execute(statement)).rowcount == 1
            if marked and new is DeliveryState.BLOCKED:
                await connection.execute(update(users).where(users.c.id == user_id).values(blocked_at=now))
            return marked


def _step(broadcast_id: int, old: BroadcastState, new: BroadcastState) -> Update:
    return update(broadcasts).where(broadcasts.c.id == broadcast_id, broadcasts.c.state == old).values(state=new)


def opened_broadcast(cipher: Cipher, row: Row[Any]) -> Broadcast:
    """The broadcast of a row, decrypted."""
    fields = dict(row._mapping)
    if row.photo_file_id is not None:
        fields["photo_file_id"] = cipher.open_text(row.photo_file_id, broadcast_place("photo_file_id", row.id))
    fields["state"] = BroadcastState(fields["state"])
    return Broadcast(**fields)
