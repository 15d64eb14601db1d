"""A pool with photos, outlines and labels, for what reads it."""

import numpy as np

from bot.learning.masks import Mask, pack
from bot.samples import sample
from inference.drawing.annotate import jpeg
from inference.photo import decode
from storage.database import Database
from storage.records import Outcome, Purpose

PEOPLE = 101, 102
REVIEWERS = 201, 202, 203
MUCH = 10**9


def picture() -> bytes:
    return jpeg(decode(sample("mole")))


def masks() -> list[Mask]:
    """Two discs that overlap, as large as the picture."""
    photo = decode(sample("mole"))
    rows, columns = np.mgrid[: photo.height, : photo.width]
    return [np.asarray(np.hypot(columns - photo.width * share, rows - photo.height / 2) < 90) for share in (0.45, 0.55)]


async def agree(database: Database, user: int) -> None:
    await database.users.seen(user, "ru")
    await database.users.consent(user)
    await database.consents.give(user, Purpose.TRAINING)


async def keep(database: Database, user: int, number: int) -> int:
    """A photo of somebody who agrees, in the pool."""
    request, _ = await database.requests.record(user, user, number, None, "file", f"unique {number}", "photo")
    said = {"label": "nv", "probabilities": {"nv": 0.8, "mel": 0.2}, "risk": "low", "domain": "phone"}
    await database.requests.complete(request.id, Outcome.ANSWERED, said, None)
    photo = decode(picture())
    outlines = pack(masks(), (photo.width, photo.height))
    assert await database.training_pool.keep(request.id, picture(), outlines, MUCH)
    return request.id


async def label(database: Database, number: int, *labels: str, outline: int | None = None) -> None:
    """Labels by as many reviewers, and the outline that each of them found right."""
    for reviewer, each in zip(REVIEWERS, labels, strict=False):
        await database.labels.give(number, reviewer, each, outlines=outline is not None)
        if outline is not None:
            await database.labels.judge(number, reviewer, outline)
