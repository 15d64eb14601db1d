"""Past results of one person, all or some of them, in pages."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from storage.cipher import Cipher, request_place
from storage.connections import Transactions
from storage.errors import StorageError
from storage.records import ANSWERED, Request
from storage.requests import Requests
from storage.sealed import SealedRequests
from storage.tables import mole_photos, moles, requests

# Results that are read and decrypted at once, in a thread: it takes a moment and little memory.
BATCH = 1000

Page = tuple[list[Request], int]
"""Requests, newest first, and how many there are in all."""


@dataclass(frozen=True)
class Narrowed:
    """Which results are wanted: of a time (`since` <= time < `until`), of a mole, or results that `matches` accepts."""

    since: datetime | None = None
    until: datetime | None = None
    mole_id: int | None = None
    matches: Callable[[Mapping[str, Any]], bool] | None = None


ALL = Narrowed()


class History:
    def __init__(self, transactions: Transactions, cipher: Cipher, requests_: Requests) -> None:
        self._requests = requests_
        self._transactions = transactions
        self._cipher = cipher
        self._sealed = SealedRequests(cipher)

    async def page(self, user_id: int, number: int, size: int, narrowed: Narrowed = ALL) -> Page:
        """A page, counted from 0, of a person's answered and refused requests."""
        if narrowed == ALL:
            return await self._requests.page(user_id, number * size, size)
        wanted = _wanted(user_id, narrowed)
        if narrowed.matches is not None:
            found = await self._matching(wanted, narrowed.matches)
            return await self._of_ids(found[number * size : (number + 1) * size]), len(found)
        async with self._transactions.read() as connection:
            total = (await connection.execute(select(func.count()).select_from(requests).where(wanted))).scalar_one()
            query = select(requests).where(wanted).order_by(requests.c.id.desc()).offset(number * size).limit(size)
            rows = (await connection.execute(query)).all()
        return [self._sealed.opened(row) for row in rows], total

    async def times(self, user_id: int) -> list[datetime]:
        """When the photos of a person's answered and refused requests came, newest first."""
        query = select(requests.c.created_at).where(_wanted(user_id, ALL)).order_by(requests.c.id.desc())
        async with self._transactions.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def first_before(self, request: Request, matches: Callable[[Mapping[str, Any]], bool]) -> datetime | None:
        """The time of the sender's first matching answered request, among the latest before this one."""
        query = _results(_wanted(request.user_id, ALL) & (requests.c.id < request.id))
        async with self._transactions.read() as connection:
            rows: Sequence[Any] = (await connection.execute(query)).all()
        found = await asyncio.to_thread(self._those_that_match, rows, matches)
        return next((row.created_at for row in reversed(rows) if row.id == found[-1]), None) if found else None

    async def _of_ids(self, ids: Sequence[int]) -> list[Request]:
        query = select(requests).where(requests.c.id.in_(ids)).order_by(requests.c.id.desc())
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return [self._sealed.opened(row) for row in rows]

    async def _matching(self, wanted: ColumnElement[bool], matches: Callable[[Mapping[str, Any]], bool]) -> list[int]:
        """This decrypts all of them, because results are stored only as ciphertext."""
        query = _results(wanted)
        found: list[int] = []
        last: int | None = None
        while True:
            async with self._transactions.read() as connection:
                older = query if last is None else query.where(requests.c.id < last)
                rows: Sequence[Any] = (await connection.execute(older)).all()
            if not rows:
                return found
            found += await asyncio.to_thread(self._those_that_match, rows, matches)
            last = rows[-1].id

    def _those_that_match(self, rows: Sequence[Row[Any]], matches: Callable[[Mapping[str, Any]], bool]) -> list[int]:
        return [row.id for row in rows if self._matches(row, matches)]

    def _matches(self, row: Row[Any], matches: Callable[[Mapping[str, Any]], bool]) -> bool:
        place = request_place("result", row.user_id, row.chat_id, row.message_id, row.edited_at)
        try:
            return matches(self._cipher.open_json(row.result, place))
        except StorageError:
            return False


def _results(wanted: ColumnElement[bool]) -> Select[Any]:
    """The latest of these results as ciphertext, with the columns that decryption needs."""
    names = ("id", "created_at", "user_id", "chat_id", "message_id", "edited_at", "result")
    columns = [requests.c[each] for each in names]
    query = select(*columns).where(wanted, requests.c.result.is_not(None))
    return query.order_by(requests.c.id.desc()).limit(BATCH)


def _wanted(user_id: int, narrowed: Narrowed) -> ColumnElement[bool]:
    # Refused photos are not in the history: there is nothing to look up.
    wanted = (requests.c.user_id == user_id) & requests.c.outcome.in_(ANSWERED)
    if narrowed.since is not None:
        wanted &= requests.c.created_at >= narrowed.since
    if narrowed.until is not None:
        wanted &= requests.c.created_at < narrowed.until
    if narrowed.mole_id is not None:
        of_mole = select(mole_photos.c.request_id).join(moles, moles.c.id == mole_photos.c.mole_id)
        theirs = of_mole.where(moles.c.id == narrowed.mole_id, moles.c.user_id == user_id)
        wanted &= requests.c.id.in_(theirs)
    return wanted
