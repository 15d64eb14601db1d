"""The retention time: older data is erased, if the clock can be trusted.

The rule for the clock: each round writes the time into the database. If the clock is more than two days ahead of the
last round, either it jumped or the program was off for long. Then nothing is erased until the program has run for three
days in total with that clock. If the clock is corrected in these days, nothing was lost. If the clock went back, it is
used at once, because an earlier time erases less. But new rows get the time of the last round instead of their own.
Otherwise they would be erased as too old when the clock is right again. After three days the earlier clock is trusted.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.connections import Transactions
from storage.erasure import Traces, erase_people
from storage.pool_tables import pool_photos
from storage.records import Purpose
from storage.tables import consents, mole_photos, moles, requests, retention_clock, shares, users

logger = logging.getLogger(__name__)

LONGEST_STEP = timedelta(days=2)
DOUBT = timedelta(days=3)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Retention:
    """Erases old data. `now` is the clock, `monotonic` counts the seconds that the program runs."""

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
        """One round: erase requests, empty moles and people older than `age`; returns the number of rows.

        For people, the age counts from when they were first seen if they never agreed, or from when they blocked the
        bot. If the clock is not trusted, nothing is erased and there is a warning in the log.
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
    old = requests.c.created_at < moment
    erased = (
        await connection.execute(delete(requests).where(old, requests.c.id.not_in(_first_photos(moment))))
    ).rowcount
    # A mole's first photo may stay longer for comparison, but not for training.
    of_old = pool_photos.c.request_id.in_(select(requests.c.id).where(old))
    erased += (await connection.execute(delete(pool_photos).where(of_old))).rowcount
    has_requests = select(requests.c.id).where(requests.c.user_id == users.c.id).exists()
    # A reader of a share need not have agreed to the terms.
    reads = select(shares.c.id).where(shares.c.reader_id == users.c.id, shares.c.accepted_at.is_not(None)).exists()
    strangers = and_(users.c.consented_at.is_(None), users.c.created_at < moment, ~has_requests, ~reads)
    expired = select(users.c.id).where(or_(strangers, users.c.blocked_at < moment))
    has_photos = select(mole_photos.c.request_id).where(mole_photos.c.mole_id == moles.c.id).exists()
    # A mole's photos were erased with their requests. A mole without photos is useless.
    emptied = delete(moles).where(moles.c.created_at < moment, ~has_photos)
    erased += (await connection.execute(emptied)).rowcount
    return erased + await erase_people(connection, expired)


def _first_photos(moment: datetime) -> Select[tuple[int]]:
    """The first photo of each mole that is still followed and whose owner agreed to have its photos kept.

    It is needed for comparison. A mole is followed while it has a photo within the retention time. After that the first
    photo is erased too.
    """
    agreed = select(consents.c.user_id).where(consents.c.purpose == Purpose.PHOTOS, consents.c.withdrawn_at.is_(None))
    of_mole = select(mole_photos.c.mole_id).join(requests, requests.c.id == mole_photos.c.request_id)
    return (
        select(func.min(mole_photos.c.request_id))
        .join(moles, moles.c.id == mole_photos.c.mole_id)
        .where(moles.c.user_id.in_(agreed), moles.c.id.in_(of_mole.where(requests.c.created_at >= moment)))
        .group_by(mole_photos.c.mole_id)
    )
