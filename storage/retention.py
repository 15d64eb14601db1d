"""The retention time: what is older is erased, by a clock that is trusted.

The rule for the clock. Each round notes the time of the clock in the database. If the clock stands more than two days
past the last note, nobody knows whether it jumped or the program was off for long. Nothing is erased then until the
program has run for three days in all with that clock. A clock that was put right meanwhile has cost nothing. A clock
that went back is followed at once in what it erases: an earlier time erases less. But what is written then gets the
time of the last note instead of its own, or it would be lost as too old once the clock is right. After three days with
the earlier clock that one is trusted.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.connections import Transactions
from storage.erasure import Traces, erase_people
from storage.tables import mole_photos, moles, requests, retention_clock, shares, users

logger = logging.getLogger(__name__)

LONGEST_STEP = timedelta(days=2)
DOUBT = timedelta(days=3)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Retention:
    """Erases what is past its time. `now` is the clock, `monotonic` the seconds that the program runs."""

    def __init__(
        self,
        transactions: Transactions,
        traces: Traces,
        now: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transactions = transactions
        self._traces = traces
        self._now = now
        self._monotonic = monotonic
        self._last_round = monotonic()

    async def erase_older_than(self, age: timedelta) -> int:
        """One round: erase requests, emptied moles and people past `age`; says how many rows that were.

        People are past it who never agreed and were first seen so long ago, or who have blocked the bot for so
        long. Where the clock is not trusted, nothing is erased and a warning says so.
        """
        now, monotonic = self._now(), self._monotonic()
        ran, self._last_round = timedelta(seconds=monotonic - self._last_round), monotonic
        async with self._transactions.write() as connection:
            is_trusted = await _is_trusted(connection, now, ran)
            latest = select(func.coalesce(func.max(requests.c.id), 0)).scalar_subquery()
            await connection.execute(update(retention_clock).values(latest_request=latest))
            if not is_trusted:
                return 0
            erased = await _erase_before(connection, now - age)
        if erased:
            await self._traces.wipe()
        return erased


async def _is_trusted(connection: AsyncConnection, now: datetime, ran: timedelta) -> bool:
    row = (await connection.execute(select(retention_clock))).one_or_none()
    if row is None:
        await connection.execute(insert(retention_clock).values(id=1, trusted_at=now, doubted_seconds=0))
        return True
    since_then = (requests.c.id > row.latest_request) & (requests.c.created_at < row.trusted_at)
    await connection.execute(update(requests).where(since_then).values(created_at=row.trusted_at))
    doubted = timedelta(seconds=row.doubted_seconds) + ran
    if now < row.trusted_at - LONGEST_STEP and doubted < DOUBT:
        logger.warning("the clock says %s, before it was last seen: check the clock", now.date())
        await connection.execute(update(retention_clock).values(doubted_seconds=doubted.total_seconds()))
        return True
    if now > row.trusted_at + LONGEST_STEP and doubted < DOUBT:
        logger.warning(
            "the clock says %s, %d days after it was last seen: nothing is erased for its age "
            "in the next %.0f hours; check the clock",
            now.date(),
            (now - row.trusted_at).days,
            (DOUBT - doubted) / timedelta(hours=1),
        )
        await connection.execute(update(retention_clock).values(doubted_seconds=doubted.total_seconds()))
        return False
    await connection.execute(update(retention_clock).values(trusted_at=now, doubted_seconds=0))
    return True


async def _erase_before(connection: AsyncConnection, moment: datetime) -> int:
    erased = (await connection.execute(delete(requests).where(requests.c.created_at < moment))).rowcount
    has_requests = select(requests.c.id).where(requests.c.user_id == users.c.id).exists()
    # Somebody with whom a result is shared may never have agreed to have photos read.
    reads = select(shares.c.id).where(shares.c.reader_id == users.c.id, shares.c.accepted_at.is_not(None)).exists()
    strangers = and_(users.c.consented_at.is_(None), users.c.created_at < moment, ~has_requests, ~reads)
    expired = select(users.c.id).where(or_(strangers, users.c.blocked_at < moment))
    has_photos = select(mole_photos.c.request_id).where(mole_photos.c.mole_id == moles.c.id).exists()
    # A mole's photos went with their requests. One that has none left says nothing any more.
    emptied = delete(moles).where(moles.c.created_at < moment, ~has_photos)
    erased += (await connection.execute(emptied)).rowcount
    return erased + await erase_people(connection, expired)
