"""Announcements and their deliveries. Each delivery goes out at most once, even if the process dies."""

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Update, and_, exists, func, insert, literal, not_, select, update

from storage.audiences import is_in
from storage.audit import Action, note
from storage.cipher import Cipher, broadcast_place
from storage.connections import Transactions
from storage.errors import StorageError
from storage.records import (
    Audience,
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Content,
    Delivery,
    DeliveryCounts,
    DeliveryState,
)
from storage.tables import broadcasts, deliveries, users

# Every ciphertext is bound to this name. It stays as it was when only photos had a file id.
FILE_ID = "photo_file_id"

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
        file_id: str | None,
    ) -> Broadcast:
        """Create a draft for everybody. Its progress is shown in `chat_id`."""
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
                audience=Audience.ALL,
            )
            .returning(*broadcasts.c)
        )
        async with self._transactions.write() as connection:
            row = (await connection.execute(statement)).one()
            if file_id is not None:
                # The ciphertext is bound to the number of the broadcast, which is known only now.
                sealed = self._cipher.seal_text(file_id, broadcast_place(FILE_ID, row.id))
                with_file = update(broadcasts).where(broadcasts.c.id == row.id).values(file_id=sealed)
                row = (await connection.execute(with_file.returning(*broadcasts.c))).one()
        return opened_broadcast(self._cipher, row)

    async def translate(self, broadcast_id: int, language: str, content: Content) -> bool:
        """Set the content for one language; False if it is no longer a draft."""
        async with self._transactions.write() as connection:
            draft = select(broadcasts).where(
                broadcasts.c.id == broadcast_id, broadcasts.c.state == BroadcastState.DRAFT
            )
            row = (await connection.execute(draft)).one_or_none()
            if row is None:
                return False
            translations = {**opened_broadcast(self._cipher, row).translations, language: content}
            sealed = self._cipher.seal_json(translations, broadcast_place("translations", broadcast_id))
            await connection.execute(
                update(broadcasts).where(broadcasts.c.id == broadcast_id).values(translations=sealed)
            )
            return True

    async def address(self, broadcast_id: int, audience: Audience) -> bool:
        """Choose the audience of a draft; False if it is no longer a draft."""
        return await self._step(broadcast_id, [BroadcastState.DRAFT], BroadcastState.DRAFT, audience=audience)

    async def get(self, broadcast_id: int) -> Broadcast | None:
        async with self._transactions.read() as connection:
            query = select(broadcasts).where(broadcasts.c.id == broadcast_id)
            row = (await connection.execute(query)).one_or_none()
        return opened_broadcast(self._cipher, row) if row is not None else None

    async def latest(self, limit: int) -> list[Broadcast]:
        """The latest announcements, newest first, including scheduled and cancelled ones, but no drafts."""
        dropped = and_(broadcasts.c.state == BroadcastState.CANCELLED, broadcasts.c.finished_at.is_(None))
        query = select(broadcasts).where(broadcasts.c.state != BroadcastState.DRAFT, not_(dropped))
        return await self._all(query.order_by(broadcasts.c.id.desc()).limit(limit))

    async def count_recipients(self, audience: Audience, staff_ids: Collection[int]) -> int:
        """How many people would get an announcement now."""
        query = select(func.count()).select_from(users).where(is_in(audience, staff_ids, datetime.now(UTC)))
        async with self._transactions.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def schedule(self, broadcast_id: int, actor_id: int, starts_at: datetime) -> bool:
        """Schedule a draft for a time; False if it is no longer a draft."""
        by = actor_id, Action.BROADCAST_SCHEDULE, f"{broadcast_id} {starts_at:%Y-%m-%d %H:%M}"
        return await self._step(broadcast_id, [BroadcastState.DRAFT], BroadcastState.SCHEDULED, by, starts_at=starts_at)

    async def scheduled(self) -> list[Broadcast]:
        """The scheduled announcements, the next one first."""
        query = select(broadcasts).where(broadcasts.c.state == BroadcastState.SCHEDULED)
        return await self._all(query.order_by(broadcasts.c.starts_at, broadcasts.c.id))

    async def confirm(self, broadcast_id: int, actor_id: int, staff_ids: Collection[int] = ()) -> bool:
        """Start a draft or a scheduled announcement, for everybody who belongs to its audience now.

        If it is confirmed several times, only one call returns True.
        """
        now = datetime.now(UTC)
        async with self._transactions.write() as connection:
            waiting = [BroadcastState.DRAFT, BroadcastState.SCHEDULED]
            start = _step(broadcast_id, waiting, BroadcastState.RUNNING).returning(broadcasts.c.audience)
            audience = (await connection.execute(start)).scalar_one_or_none()
            if audience is None:
                return False
            recipients = select(
                literal(broadcast_id),
                users.c.id,
                literal(DeliveryState.PENDING.value),
                literal(now, deliveries.c.updated_at.type),
            ).where(is_in(Audience(audience), staff_ids, now))
            columns = ["broadcast_id", "user_id", "state", "updated_at"]
            await connection.execute(insert(deliveries).from_select(columns, recipients))
            await note(connection, actor_id, Action.BROADCAST, broadcast_id)
            return True

    async def pause(self, broadcast_id: int, actor_id: int) -> bool:
        """Start no more deliveries; False if it is not running."""
        by = actor_id, Action.BROADCAST_PAUSE, broadcast_id
        return await self._step(broadcast_id, [BroadcastState.RUNNING], BroadcastState.PAUSED, by)

    async def resume(self, broadcast_id: int, actor_id: int) -> bool:
        """Go on after a pause; False if it is not paused."""
        by = actor_id, Action.BROADCAST_RESUME, broadcast_id
        return await self._step(broadcast_id, [BroadcastState.PAUSED], BroadcastState.RUNNING, by)

    async def cancel(self, broadcast_id: int) -> bool:
        """Drop a draft; False if it is no longer a draft."""
        return await self._step(broadcast_id, [BroadcastState.DRAFT], BroadcastState.CANCELLED)

    async def stop(self, broadcast_id: int, actor_id: int) -> bool:
        """End an announcement: no more deliveries start. False if it has ended already."""
        live = [BroadcastState.SCHEDULED, BroadcastState.RUNNING, BroadcastState.PAUSED]
        by = actor_id, Action.BROADCAST_CANCEL, broadcast_id
        return await self._step(broadcast_id, live, BroadcastState.CANCELLED, by, finished_at=datetime.now(UTC))

    async def running(self) -> list[Broadcast]:
        """Announcements that are running, oldest first."""
        query = select(broadcasts).where(broadcasts.c.state == BroadcastState.RUNNING)
        return await self._all(query.order_by(broadcasts.c.id))

    async def next_batch(self, broadcast_id: int, size: int) -> list[Delivery]:
        """Up to `size` deliveries that are next. They stay pending until `mark_sending`."""
        query = (
            select(deliveries.c.user_id, users.c.language)
            .join(users, users.c.id == deliveries.c.user_id)
            .where(deliveries.c.broadcast_id == broadcast_id, deliveries.c.state == DeliveryState.PENDING)
            .where(_is_running(broadcast_id))
            .order_by(deliveries.c.user_id)
            .limit(size)
        )
        async with self._transactions.read() as connection:
            return [Delivery(**row._mapping) for row in (await connection.execute(query)).all()]

    async def mark_sending(self, broadcast_id: int, user_id: int) -> bool:
        """Commit to one delivery before its message goes out. False means: do not send it."""
        pending, sending = DeliveryState.PENDING, DeliveryState.SENDING
        return await self._mark(broadcast_id, user_id, pending, sending, _is_running(broadcast_id))

    async def mark(self, broadcast_id: int, user_id: int, state: DeliveryState) -> None:
        """Note how a delivery ended. BLOCKED marks the person too. PENDING is for a message that certainly did not go
        out, and puts it back into the queue."""
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
        """Finish a running announcement; False if it is not running."""
        now = datetime.now(UTC)
        return await self._step(broadcast_id, [BroadcastState.RUNNING], BroadcastState.FINISHED, finished_at=now)

    async def set_progress_message(self, broadcast_id: int, message_id: int) -> None:
        async with self._transactions.write() as connection:
            await connection.execute(
                update(broadcasts).where(broadcasts.c.id == broadcast_id).values(progress_message_id=message_id)
            )

    async def _all(self, query: Select[Any]) -> list[Broadcast]:
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        found = []
        for row in rows:
            try:
                found.append(opened_broadcast(self._cipher, row))
            except StorageError as error:
                # This one cannot go on, but others can.
                logger.error("broadcast %d: %s", row.id, error)
        return found

    async def _step(
        self,
        broadcast_id: int,
        old: Collection[BroadcastState],
        new: BroadcastState,
        by: tuple[int, Action, object] | None = None,
        **values: Any,
    ) -> bool:
        """Go from one of the old states to the new one; `by` is the entry of the audit log, if it has any."""
        async with self._transactions.write() as connection:
            stepped = (await connection.execute(_step(broadcast_id, old, new).values(**values))).rowcount == 1
            if stepped and by is not None:
                await note(connection, *by)
            return stepped

    async def _mark(
        self, broadcast_id: int, user_id: int, old: DeliveryState, new: DeliveryState, *conditions: ColumnElement[bool]
    ) -> bool:
        now = datetime.now(UTC)
        statement = (
            update(deliveries)
            .where(
                deliveries.c.broadcast_id == broadcast_id,
                deliveries.c.user_id == user_id,
                deliveries.c.state == old,
                *conditions,
            )
            .values(state=new, updated_at=now)
        )
        async with self._transactions.write() as connection:
            marked = (await connection.execute(statement)).rowcount == 1
            if marked and new is DeliveryState.BLOCKED:
                await connection.execute(update(users).where(users.c.id == user_id).values(blocked_at=now))
            return marked


def _step(broadcast_id: int, old: Collection[BroadcastState], new: BroadcastState) -> Update:
    return update(broadcasts).where(broadcasts.c.id == broadcast_id, broadcasts.c.state.in_(old)).values(state=new)


def _is_running(broadcast_id: int) -> ColumnElement[bool]:
    return exists().where(broadcasts.c.id == broadcast_id, broadcasts.c.state == BroadcastState.RUNNING)


def opened_broadcast(cipher: Cipher, row: Row[Any]) -> Broadcast:
    """The broadcast of a row, decrypted."""
    fields = dict(row._mapping)
    if row.file_id is not None:
        fields["file_id"] = cipher.open_text(row.file_id, broadcast_place(FILE_ID, row.id))
    sealed, place = row.translations, broadcast_place("translations", row.id)
    fields["translations"] = {} if sealed is None else cipher.open_json(sealed, place)
    fields["state"], fields["audience"] = BroadcastState(row.state), Audience(row.audience)
    return Broadcast(**fields)
