"""A person of whom everything is kept that can be."""

from datetime import UTC, datetime
from typing import Any

from storage import Content, Database, Outcome
from storage.records import Mole, Purpose, Verdict
from storage.shares import Share

PERSON = 7_654_321_987
LABELLER = 1
PICTURE = b"\xff\xd8 a kept photo " * 50
OUTLINES = b"\x89PNG outlines"


async def fill(database: Database, user_id: int = PERSON, photos: int = 3) -> Mole:
    """Photos with results and notes, some of them in the training pool with a label; a mole with kept pictures,
    verdicts, second opinions, reminder, announcement."""
    await database.users.seen(user_id, "ru")
    await database.users.consent(user_id)
    for purpose in Purpose:
        await database.consents.give(user_id, purpose)
    mole = await database.moles.create(user_id, "left shoulder")
    assert mole is not None
    for number in range(photos):
        request, _ = await database.requests.record(
            user_id, user_id, number, None, f"file {number}", f"unique {number}", "photo", note=f"note {number}"
        )
        await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "nv", "n": number}, f"reply {number}")
        await database.moles.add_photo(mole, request.id, {"marks": number})
        await database.mole_pictures.keep(mole, request.id, PICTURE + bytes([number % 256]))
        await database.verdicts.note(request.id, user_id, Verdict("nv", False))
        for classifier in ("ensemble 3.0.0", "fixcaps 3.0.0"):
            await database.opinions.note(request.id, classifier, {"label": "nv", "n": number})
        if number < 3:
            assert await database.training_pool.keep(request.id, PICTURE, OUTLINES, most_bytes=10_000)
            await database.labels.give(request.id, LABELLER, "nv", outlines=True)
    await database.reminders.set(mole.id, 3, datetime.now(UTC))
    broadcast = await database.broadcasts.create(user_id, user_id, "photo", "news", "[]", "announced file")
    now = datetime.now(UTC)
    made = await database.shares.create(user_id, "Emma", now, mole_id=mole.id)
    assert made is not None
    share = await database.shares.accept(made[1], user_id + 1, "Doctor", now)
    assert isinstance(share, Share) and await database.shares.add_note(share.id, user_id + 1, "seen", now)
    content = Content(kind="text", text="новости", entities_json="[]", file_id="a file")
    await database.broadcasts.translate(broadcast.id, "ru", content)
    await database.arrivals.add(_update_id(user_id), user_id, b'{"message": "not handled"}')
    return mole


async def everything(database: Database, user_id: int = PERSON) -> dict[str, Any]:
    """All that is kept of a person, decrypted."""
    return {
        **await database.requests.export(user_id),
        "moles": await database.moles.export(user_id),
        "verdicts": await database.verdicts.export(user_id),
        "second_opinions": await database.opinions.export(user_id),
        "shares": await database.shares.export(user_id),
        "arrivals": [
            each.content for each in await database.arrivals.waiting(100) if each.update_id == _update_id(user_id)
        ],
        "pictures": [each async for each in database.mole_pictures.export(user_id)],
        "training": [each async for each in database.training_pool.export(user_id)],
    }


def _update_id(user_id: int) -> int:
    return 1000 + user_id % 1000
