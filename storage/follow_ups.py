"""Questions weeks after an answer. Each is claimed before it is asked, so that only one of several bots asks it.

A claim is a lease, as with reminders. If a bot dies between asking and noting, the question is asked again.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from storage.cipher import Cipher
from storage.connections import Transactions
from storage.records import FollowUp
from storage.sealed import SealedRequests
from storage.tables import follow_ups, requests, users, verdicts

LEASE = timedelta(minutes=5)
AT_ONCE = 20


class FollowUps:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._sealed = SealedRequests(cipher)

    async def claim_due(self, now: datetime) -> list[FollowUp]:
        """Claim some of the due questions that no other bot has; the longest due first.

        Left out are people who do not want to be asked, withdrew their agreement or block the bot, and spots with a
        doctor's verdict.
        """
        free = or_(follow_ups.c.leased_until.is_(None), follow_ups.c.leased_until <= now)
        may_be_asked = users.c.follow_ups & users.c.consented_at.is_not(None) & users.c.blocked_at.is_(None)
        due = (
            select(follow_ups.c.request_id)
            .join(requests, requests.c.id == follow_ups.c.request_id)
            .join(users, users.c.id == requests.c.user_id)
            .outerjoin(verdicts, verdicts.c.request_id == follow_ups.c.request_id)
            .where(follow_ups.c.due_at <= now, free, may_be_asked, verdicts.c.request_id.is_(None))
            .order_by(follow_ups.c.due_at, follow_ups.c.request_id)
            .limit(AT_ONCE)
        )
        claimed = update(follow_ups).where(follow_ups.c.request_id.in_(due), free).values(leased_until=now + LEASE)
        async with self._transactions.write() as connection:
            ours = (await connection.execute(claimed.returning(follow_ups.c.request_id))).scalars().all()
            query = select(requests).where(requests.c.id.in_(ours)).order_by(requests.c.id)
            rows = (await connection.execute(query)).all()
            dates = select(follow_ups.c.request_id, follow_ups.c.due_at).where(follow_ups.c.request_id.in_(ours))
            due_at = {row.request_id: row.due_at for row in (await connection.execute(dates)).all()}
        return [FollowUp(self._sealed.opened(row), due_at[row.id]) for row in rows]

    async def postpone(self, request_id: int, due_at: datetime) -> None:
        """Ask later."""
        later = update(follow_ups).where(follow_ups.c.request_id == request_id)
        async with self._transactions.write() as connection:
            await connection.execute(later.values(due_at=due_at, leased_until=None))

    async def drop(self, request_id: int) -> None:
        """Ask nothing about this answer."""
        async with self._transactions.write() as connection:
            await connection.execute(delete(follow_ups).where(follow_ups.c.request_id == request_id))

    async def settle(self, user_id: int, until: datetime) -> None:
        """Note that a person was asked. Questions that are due until then are dropped."""
        theirs = select(requests.c.id).where(requests.c.user_id == user_id)
        asked = follow_ups.c.request_id.in_(theirs) & (follow_ups.c.due_at <= until)
        async with self._transactions.write() as connection:
            await connection.execute(delete(follow_ups).where(asked))
