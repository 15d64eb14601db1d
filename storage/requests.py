"""Requests are recorded before work begins and completed after the reply, so a killed process loses none."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update

from storage.broadcasts import opened_broadcast
from storage.cipher import Cipher
from storage.connections import Transactions
from storage.erasure import Erasures
from storage.records import ANSWERED, Broadcast, Completion, Outcome, Received, Request, RequestKind
from storage.sealed import SealedRequests
from storage.tables import broadcasts, consents, deliveries, follow_ups, requests, users

UNFINISHED = (Outcome.RECEIVED, Outcome.WORKING, Outcome.SENDING)
FOLLOW_UP_AFTER = timedelta(weeks=4)
EXPORTED_AT_ONCE = 500


class Requests:
    def __init__(self, transactions: Transactions, cipher: Cipher, erasures: Erasures) -> None:
        self._transactions = transactions
        self._erasures = erasures
        self._cipher = cipher
        self._sealed = SealedRequests(cipher)

    async def record(
        self,
        user_id: int,
        chat_id: int,
        message_id: int,
        media_group_id: str | None,
        file_id: str,
        file_unique_id: str,
        kind: RequestKind,
        note: str | None = None,
        thread_id: int | None = None,
        edited_at: int = 0,
    ) -> tuple[Request, bool]:
        """The request of one message, and whether it is new. A message that comes twice is recorded once.

        An unknown person is created, without consent.
        """
        known = await self.of_message(chat_id, message_id)
        if known is not None:
            return known, False
        received = Received(
            user_id, chat_id, message_id, media_group_id, file_id, file_unique_id, kind, note, thread_id, edited_at
        )
        created = await self.record_all([received]) == 1
        request = await self.of_message(chat_id, message_id)
        if request is None:
            raise LookupError(f"the request of message {message_id} was erased while it was recorded")
        return request, created

    async def record_all(self, received: Sequence[Received], arrived: float = float("inf")) -> int:
        """Record many requests in one transaction, each as `record` does; returns how many are new.

        Requests of people who were erased after `arrived` (of `time.monotonic`) are left out.
        """
        received = [each for each in received if not self._erasures.since(each.user_id, arrived)]
        if not received:
            return 0
        now = datetime.now(UTC)
        people = [
            {"id": user_id, "announcements": True, "created_at": now} for user_id in {each.user_id for each in received}
        ]
        new = [{**self._sealed.received(each), "outcome": Outcome.RECEIVED, "created_at": now} for each in received]
        async with self._transactions.write() as connection:
            insert = self._transactions.insert
            await connection.execute(insert(users).on_conflict_do_nothing(), people)
            recorded = insert(requests).values(new).on_conflict_do_nothing().returning(requests.c.id)
            return len((await connection.execute(recorded)).all())

    async def claim(self, request_ids: Collection[int]) -> set[int]:
        """Start work on received requests; returns which were claimed. Each can be claimed only once."""
        return await self._move(request_ids, Outcome.RECEIVED, Outcome.WORKING)

    async def release(self, request_ids: Collection[int]) -> set[int]:
        """Give back requests whose worker is gone, so that they can be claimed again; returns which."""
        return await self._move(request_ids, Outcome.WORKING, Outcome.RECEIVED)

    async def mark_sending(self, completions: Sequence[Completion]) -> set[int]:
        """Commit to answers before they go out, and store their results; returns which may be sent.

        Requests that are no longer worked on, or that were erased meanwhile, are left out.
        """
        decided = {each.request_id: each for each in completions}
        under_way = select(requests).where(requests.c.id.in_(decided), requests.c.outcome == Outcome.WORKING)
        async with self._transactions.write() as connection:
            rows = (await connection.execute(under_way)).all()
            for row in rows:
                values = {"outcome": Outcome.SENDING, **self._sealed.decided(row, decided[row.id].result)}
                await connection.execute(update(requests).where(requests.c.id == row.id).values(values))
        return {row.id for row in rows}

    async def take_back(self, request_ids: Collection[int]) -> set[int]:
        """Note that committed answers were not sent after all; returns which."""
        return await self._move(request_ids, Outcome.SENDING, Outcome.WORKING)

    async def set_progress_message(self, request_ids: Sequence[int], message_id: int | None) -> None:
        """Note the message that shows the progress of these requests; None if it is gone."""
        async with self._transactions.write() as connection:
            await connection.execute(
                update(requests).where(requests.c.id.in_(request_ids)).values(progress_message_id=message_id)
            )

    async def discard(self, request_id: int) -> None:
        """Discard an unclaimed request whose message turned out to need no analysis."""
        async with self._transactions.write() as connection:
            await connection.execute(
                delete(requests).where(requests.c.id == request_id, requests.c.outcome == Outcome.RECEIVED)
            )

    async def complete(
        self,
        request_id: int,
        outcome: Outcome,
        result: Mapping[str, Any] | None,
        reply_file_id: str | None,
    ) -> None:
        """Close one request, as `complete_all` does."""
        await self.complete_all([Completion(request_id, outcome, result, reply_file_id)])

    async def complete_all(self, completions: Sequence[Completion]) -> set[int]:
        """Close requests after their reply was sent, all in one transaction; returns which were closed.

        Requests that are closed already, or were erased meanwhile, are left out. So it can be repeated until it
        succeeds.
        """
        ended = {each.request_id: each for each in completions}
        still_open = select(requests).where(requests.c.id.in_(ended), requests.c.outcome.in_(UNFINISHED))
        async with self._transactions.write() as connection:
            rows = (await connection.execute(still_open)).all()
            for row in rows:
                values = self._sealed.ended(row, ended[row.id])
                await connection.execute(update(requests).where(requests.c.id == row.id).values(values))
            due = datetime.now(UTC) + FOLLOW_UP_AFTER
            asked = [{"request_id": row.id, "due_at": due} for row in rows if ended[row.id].outcome is Outcome.ANSWERED]
            if asked:
                # Every answer gets a question. Later, when it is due, the decrypted answer shows whether to ask.
                await connection.execute(self._transactions.insert(follow_ups).on_conflict_do_nothing(), asked)
        return {row.id for row in rows}

    async def amend(
        self,
        request_id: int,
        user_id: int,
        change: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        reply_file_id: str | None = None,
    ) -> None:
        """Replace the result of this person's own answered request, and its picture if a new one is given.

        `change` returns the new result.
        """
        theirs = (requests.c.id == request_id) & (requests.c.user_id == user_id)
        answered = select(requests).where(theirs, requests.c.outcome.in_(ANSWERED), requests.c.result.is_not(None))
        async with self._transactions.write() as connection:
            row = (await connection.execute(answered)).one_or_none()
            if row is None:
                return
            result = self._sealed.opened(row).result
            if result is not None:
                values = self._sealed.decided(row, change(result))
                if reply_file_id is not None:
                    values = self._sealed.answered_again(row, change(result), reply_file_id)
                await connection.execute(update(requests).where(theirs).values(values))

    async def answer_again(self, request_id: int, result: Mapping[str, Any], reply_file_id: str | None) -> None:
        """Replace the answer of an answered request, and its picture."""
        async with self._transactions.write() as connection:
            query = select(requests).where(requests.c.id == request_id, requests.c.outcome.in_(ANSWERED))
            row = (await connection.execute(query)).one_or_none()
            if row is not None:
                values = self._sealed.answered_again(row, result, reply_file_id)
                await connection.execute(update(requests).where(requests.c.id == request_id).values(values))

    async def last_answered(self, user_id: int) -> Request | None:
        """A person's latest answered request."""
        theirs = (requests.c.user_id == user_id) & requests.c.outcome.in_(ANSWERED)
        found = await self._all(select(requests).where(theirs).order_by(requests.c.id.desc()).limit(1))
        return found[0] if found else None

    async def still_kept(self, request_ids: Collection[int]) -> set[int]:
        """The requests among these that were neither erased nor replaced meanwhile."""
        wanted = requests.c.id.in_(request_ids) & (requests.c.outcome != Outcome.REPLACED)
        async with self._transactions.read() as connection:
            kept = await connection.execute(select(requests.c.id).where(wanted))
            return set(kept.scalars())

    async def owe_explanation(self, request_id: int) -> bool:
        """Note that an explanation was asked for; False if it was asked for already and is not given yet."""
        asked = requests.c.explanation_asked_at
        async with self._transactions.write() as connection:
            noted = await connection.execute(
                update(requests)
                .where(requests.c.id == request_id, asked.is_(None))
                .values(explanation_asked_at=datetime.now(UTC))
            )
            return noted.rowcount == 1

    async def settle_explanation(self, request_id: int) -> None:
        """Note that an explanation is given, or cannot be."""
        async with self._transactions.write() as connection:
            await connection.execute(
                update(requests).where(requests.c.id == request_id).values(explanation_asked_at=None)
            )

    async def unexplained(self) -> list[Request]:
        """Requests whose explanation is not given yet, in the order in which the explanations were asked for."""
        asked = requests.c.explanation_asked_at
        return await self._all(select(requests).where(asked.is_not(None)).order_by(asked))

    async def unfinished(self) -> list[Request]:
        """Requests that are under way, oldest first."""
        return await self._all(select(requests).where(requests.c.outcome.in_(UNFINISHED)).order_by(requests.c.id))

    async def outlived(self, since: datetime) -> list[Request]:
        """Finished requests recorded after `since` whose progress message was not deleted."""
        closed = requests.c.outcome.not_in(UNFINISHED) & requests.c.explanation_asked_at.is_(None)
        closed &= requests.c.created_at >= since
        return await self._all(select(requests).where(closed, requests.c.progress_message_id.is_not(None)))

    async def get_owned(self, request_id: int, user_id: int) -> Request | None:
        """The request if it is this person's own, else None."""
        found = await self._all(select(requests).where(requests.c.id == request_id, requests.c.user_id == user_id))
        return found[0] if found else None

    async def page(self, user_id: int, offset: int, limit: int) -> tuple[list[Request], int]:
        """Answered requests of one person, newest first, and how many there are in all."""
        mine = (requests.c.user_id == user_id) & requests.c.outcome.in_(ANSWERED)
        async with self._transactions.read() as connection:
            total = (await connection.execute(select(func.count()).select_from(requests).where(mine))).scalar_one()
            rows = (
                await connection.execute(
                    select(requests).where(mine).order_by(requests.c.id.desc()).offset(offset).limit(limit)
                )
            ).all()
        return [self._sealed.opened(row) for row in rows], total

    async def export(self, user_id: int) -> dict[str, Any]:
        """All data on one person, decrypted, as JSON types; empty for an unknown person."""
        about = await self.export_person(user_id)
        if not about:
            return {}
        return about | {"requests": [each async for batch in self.export_requests(user_id) for each in batch]}

    async def export_person(self, user_id: int) -> dict[str, Any]:
        """What `export` gives, without the requests."""
        async with self._transactions.read() as connection:
            person = (await connection.execute(select(users).where(users.c.id == user_id))).one_or_none()
            if person is None:
                return {}
            agreed = select(consents).where(consents.c.user_id == user_id)
            received = select(deliveries).where(deliveries.c.user_id == user_id)
            written = select(broadcasts).where(broadcasts.c.admin_id == user_id)
            return {
                "user": _plain(person),
                "consents": [_plain(row) for row in (await connection.execute(agreed)).all()],
                "announcements_received": [_plain(row) for row in (await connection.execute(received)).all()],
                "announcements_written": [
                    _plain(opened_broadcast(self._cipher, row)) for row in (await connection.execute(written)).all()
                ],
            }

    async def export_requests(self, user_id: int) -> AsyncIterator[list[dict[str, Any]]]:
        """A person's requests as JSON types, oldest first, some hundreds at a time."""
        theirs = select(requests).where(requests.c.user_id == user_id).order_by(requests.c.id).limit(EXPORTED_AT_ONCE)
        last = 0
        while found := await self._all(theirs.where(requests.c.id > last)):
            yield [_plain(each) for each in found]
            last = found[-1].id

    async def of_message(self, chat_id: int, message_id: int) -> Request | None:
        """The current request of one message; None if there is none, or it was erased."""
        of_message = (requests.c.chat_id == chat_id) & (requests.c.message_id == message_id)
        found = await self._all(select(requests).where(of_message).order_by(requests.c.edited_at.desc()).limit(1))
        return found[0] if found else None

    async def _move(self, request_ids: Collection[int], old: Outcome, new: Outcome) -> set[int]:
        statement = (
            update(requests)
            .where(requests.c.id.in_(request_ids), requests.c.outcome == old)
            .values(outcome=new)
            .returning(requests.c.id)
        )
        async with self._transactions.write() as connection:
            return set((await connection.execute(statement)).scalars())

    async def _all(self, query: Select[Any]) -> list[Request]:
        async with self._transactions.read() as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
        return [self._sealed.opened(row) for row in rows]


def _plain(value: Row[Any] | Request | Broadcast) -> dict[str, Any]:
    fields = value._asdict() if isinstance(value, Row) else vars(value)
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in fields.items()}
