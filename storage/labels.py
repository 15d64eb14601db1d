"""Labels of the photos in the training pool: one from each person, and the decision of several."""

import asyncio
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import Action, note
from storage.cipher import Cipher, pool_label_place
from storage.connections import Transactions
from storage.pool_tables import pool_labels, pool_photos
from storage.tables import requests

NO_OUTLINE: Final = -1
"""The choice of somebody who finds no outline right."""
ENOUGH: Final = 3
"""With so many labels, nobody else is asked."""

Answer = TypeVar("Answer", bound=Hashable)


class Given(Enum):
    """The outcome of giving a label or choosing an outline. GONE: the photo is erased, or it is one's own."""

    NOTED = auto()
    ALREADY = auto()
    GONE = auto()


@dataclass(frozen=True)
class Label:
    """One person's label of a photo, and the index of the outline that they chose.

    `outline` is `NO_OUTLINE` if they found none right. It is None if they were not asked, or have not chosen yet
    (`outline_open`).
    """

    request_id: int
    label: str
    outline: int | None
    outline_open: bool
    at: datetime


def final(answers: Iterable[Answer], least: int = 2) -> Answer | None:
    """The answer of at least `least` people and of more than any other answer; None if undecided."""
    counts = Counter(answers).most_common(2)
    if not counts or counts[0][1] < least or (len(counts) > 1 and counts[1][1] == counts[0][1]):
        return None
    return counts[0][0]


def final_outline(labels: Iterable[Label]) -> int | None:
    """The outline that most of the people who were asked chose."""
    chosen = final((each.outline for each in labels if each.outline is not None), least=1)
    return None if chosen == NO_OUTLINE else chosen


@dataclass(frozen=True)
class Standing:
    """How many photos the pool has and their bytes; how many have no label, have one, are decided, or are undecided."""

    photos: int
    size: int
    unlabelled: int
    begun: int
    decided: int
    undecided: int
    pairs: Sequence[tuple[str, str]]
    """The first two labels of each photo with at least two. A third is asked for only if they differ."""


class Labels:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def next_for(self, labeller_id: int) -> int | None:
        """The number of the next photo for somebody to label; None if there is none.

        First come photos that they labelled but whose outline they have not chosen. Then comes the open photo with the
        fewest labels. It is never their own, and never one that they have labelled.
        """
        mine = pool_labels.c.labeller_id == labeller_id
        begun = select(pool_labels.c.request_id).where(mine, pool_labels.c.outline_open).order_by(pool_labels.c.id)
        given = select(pool_labels.c.id).where(pool_labels.c.request_id == pool_photos.c.request_id)
        count = given.with_only_columns(func.count()).scalar_subquery()
        wanted = (
            select(pool_photos.c.request_id)
            .join(requests, requests.c.id == pool_photos.c.request_id)
            .where(~pool_photos.c.settled, requests.c.user_id != labeller_id, ~given.where(mine).exists())
            .order_by(count, pool_photos.c.request_id)
        )
        async with self._transactions.read() as connection:
            for query in (begun, wanted):
                found = (await connection.execute(query.limit(1))).scalar_one_or_none()
                if found is not None:
                    return int(found)
        return None

    async def give(self, request_id: int, labeller_id: int, label: str, *, outlines: bool) -> Given:
        """Note a label. A person has one for each photo: of two at the same time, the first counts.

        `outlines`: whether they are asked for the outline too.
        """
        theirs = (pool_photos.c.request_id == request_id) & (requests.c.user_id != labeller_id)
        query = select(pool_photos.c.request_id).join(requests, requests.c.id == pool_photos.c.request_id).where(theirs)
        async with self._transactions.write() as connection:
            if (await connection.execute(query)).one_or_none() is None:
                return Given.GONE
            fresh = {"labeller_id": labeller_id, "outline_open": outlines}
            if not await self._insert(connection, request_id, label, None, fresh):
                return Given.ALREADY
            await self._settle(connection, request_id)
            await note(connection, labeller_id, Action.LABEL, request_id)
        return Given.NOTED

    async def judge(self, request_id: int, labeller_id: int, outline: int) -> Given:
        """Note the outline that somebody chose, or `NO_OUTLINE`; this works once."""
        this = (pool_labels.c.request_id == request_id) & (pool_labels.c.labeller_id == labeller_id)
        async with self._transactions.write() as connection:
            row = (await connection.execute(select(pool_labels).where(this))).one_or_none()
            if row is None:
                return Given.GONE
            if not row.outline_open:
                return Given.ALREADY
            said = self._sealed(row.id, self._opened(row).label, outline)
            await connection.execute(update(pool_labels).where(this).values(said=said, outline_open=False))
        return Given.NOTED

    async def replace(self, request_id: int, labeller_id: int, label: str) -> Given:
        """Replace somebody's label. Their choice of an outline stays."""
        this = (pool_labels.c.request_id == request_id) & (pool_labels.c.labeller_id == labeller_id)
        async with self._transactions.write() as connection:
            row = (await connection.execute(select(pool_labels).where(this))).one_or_none()
            if row is None:
                return Given.GONE
            known = self._opened(row)
            if known.label == label:
                return Given.ALREADY
            said = self._sealed(row.id, label, known.outline)
            await connection.execute(update(pool_labels).where(this).values(said=said))
            await self._settle(connection, request_id)
            await note(connection, labeller_id, Action.LABEL_REPLACE, request_id)
        return Given.NOTED

    async def take(self, request_id: int, outside: str, label: str, outline: int | None = None) -> bool:
        """Note a label from outside the chat, which replaces an earlier one of the same author; False if the photo is
        gone.

        `outline` is None if they drew none.
        """
        this = (pool_labels.c.request_id == request_id) & (pool_labels.c.outside == outside)
        async with self._transactions.write() as connection:
            kept = select(pool_photos.c.request_id).where(pool_photos.c.request_id == request_id)
            if (await connection.execute(kept)).one_or_none() is None:
                return False
            fresh = {"outside": outside, "outline_open": False}
            if not await self._insert(connection, request_id, label, outline, fresh):
                known = (await connection.execute(select(pool_labels.c.id).where(this))).scalar_one()
                said = self._sealed(known, label, outline)
                await connection.execute(update(pool_labels).where(this).values(said=said, at=datetime.now(UTC)))
            await self._settle(connection, request_id)
        return True

    async def of(self, request_id: int, labeller_id: int | None = None) -> list[Label]:
        """The labels of a photo, the oldest first; or only one person's."""
        this = pool_labels.c.request_id == request_id
        return await self._all(this if labeller_id is None else this & (pool_labels.c.labeller_id == labeller_id))

    async def export(self, labeller_id: int) -> list[dict[str, Any]]:
        """All labels of a member of the staff, as JSON types."""
        found = await self._all(pool_labels.c.labeller_id == labeller_id)
        return [
            {"photo": each.request_id, "label": each.label, "outline": each.outline, "at": each.at.isoformat()}
            for each in found
        ]

    async def standing(self) -> Standing:
        """The state of the labelling."""
        async with self._transactions.read() as connection:
            photos = (await connection.execute(select(pool_photos.c.request_id, pool_photos.c.size))).all()
            rows = (await connection.execute(select(pool_labels).order_by(pool_labels.c.id))).all()
        said: dict[int, list[str]] = {row.request_id: [] for row in photos}
        for each in await asyncio.to_thread(lambda: list(map(self._opened, rows))):
            said[each.request_id].append(each.label)
        counts = Counter(_state(each) for each in said.values())
        return Standing(
            photos=len(photos),
            size=sum(row.size for row in photos),
            unlabelled=counts["unlabelled"],
            begun=counts["begun"],
            decided=counts["decided"],
            undecided=counts["undecided"],
            pairs=[(each[0], each[1]) for each in said.values() if len(each) > 1],
        )

    async def _insert(
        self, connection: AsyncConnection, request_id: int, label: str, outline: int | None, fresh: dict[str, Any]
    ) -> bool:
        values = {"request_id": request_id, "said": b"", "at": datetime.now(UTC), **fresh}
        statement = self._transactions.insert(pool_labels).values(values).on_conflict_do_nothing()
        number = (await connection.execute(statement.returning(pool_labels.c.id))).scalar_one_or_none()
        if number is None:
            return False
        # The ciphertext is bound to the number of the label, which is known only now.
        said = self._sealed(number, label, outline)
        await connection.execute(update(pool_labels).where(pool_labels.c.id == number).values(said=said))
        return True

    async def _settle(self, connection: AsyncConnection, request_id: int) -> None:
        rows = (await connection.execute(select(pool_labels).where(pool_labels.c.request_id == request_id))).all()
        settled = _state([self._opened(row).label for row in rows]) in ("decided", "undecided")
        this = pool_photos.c.request_id == request_id
        await connection.execute(update(pool_photos).where(this).values(settled=settled))

    async def _all(self, condition: ColumnElement[bool]) -> list[Label]:
        async with self._transactions.read() as connection:
            rows = (await connection.execute(select(pool_labels).where(condition).order_by(pool_labels.c.id))).all()
        return list(map(self._opened, rows))

    def _sealed(self, number: int, label: str, outline: int | None) -> bytes:
        return self._cipher.seal_json({"label": label, "outline": outline}, pool_label_place(number))

    def _opened(self, row: Row[Any]) -> Label:
        return opened_label(self._cipher, row)


def opened_label(cipher: Cipher, row: Row[Any]) -> Label:
    """The label of a row."""
    said = cipher.open_json(row.said, pool_label_place(row.id))
    return Label(row.request_id, said["label"], said["outline"], row.outline_open, row.at)


def _state(labels: Sequence[str]) -> str:
    if final(labels) is not None:
        return "decided"
    if len(labels) >= ENOUGH:
        return "undecided"
    return "begun" if labels else "unlabelled"
