"""What another classifier says of answered photos: kept sealed, told once, gone with the request."""

import asyncio
from pathlib import Path

from storage import Database, Outcome

NEW = "fixcaps-9.9.9"


async def answered(database: Database, user: int, risk: str = "low") -> int:
    request, _ = await database.requests.record(user, user, 1, None, "file", "unique", "photo")
    await database.requests.claim([request.id])
    await database.requests.complete(request.id, Outcome.ANSWERED, {"risk": risk}, "reply")
    return request.id


async def test_an_opinion_is_told_once_however_many_ask(database: Database) -> None:
    number = await answered(database, 1)
    await database.opinions.note(number, NEW, {"risk": "high"})
    assert sum(await asyncio.gather(*(database.opinions.mark_notified(number, NEW) for _ in range(5)))) == 1
    # Read anew, it is still told.
    await database.opinions.note(number, NEW, {"risk": "raised"})
    assert await database.opinions.of(NEW, pending=True) == []
    [kept] = await database.opinions.of(NEW)
    assert (kept.request.id, kept.request.result, kept.said) == (number, {"risk": "low"}, {"risk": "raised"})


async def test_what_a_classifier_has_not_read_is_found_in_order(database: Database) -> None:
    numbers = [await answered(database, user) for user in (1, 2, 3)]
    await database.requests.record(4, 4, 1, None, "file", "unique", "photo")
    await database.opinions.note(numbers[1], NEW, {"risk": "low"})
    await database.opinions.note(numbers[0], "another", {"risk": "low"})
    assert [each.id for each in await database.opinions.without(NEW, 0, 10)] == [numbers[0], numbers[2]]
    assert [each.id for each in await database.opinions.without(NEW, numbers[0], 10)] == [numbers[2]]


async def test_an_opinion_is_exported_and_erased_with_its_person(database: Database) -> None:
    number = await answered(database, 1)
    await database.opinions.note(number, NEW, {"risk": "high"})
    [exported] = await database.opinions.export(1)
    assert (exported["request_id"], exported["classifier"], exported["risk"]) == (number, NEW, "high")
    assert await database.opinions.export(2) == []
    await database.users.delete(1)
    assert await database.opinions.of(NEW) == []
    await database.opinions.note(number, NEW, {"risk": "high"})
    assert await database.opinions.of(NEW) == []


async def test_an_opinion_lies_sealed_in_the_file(database: Database, path: Path) -> None:
    await database.opinions.note(await answered(database, 1), NEW, {"label": "melanoma-to-be-found"})
    assert b"melanoma-to-be-found" not in b"".join(each.read_bytes() for each in path.parent.glob("bot.db*"))


async def test_another_answer_takes_the_place_of_the_first_with_its_picture(database: Database) -> None:
    number = await answered(database, 1)
    await database.requests.answer_again(number, {"risk": "high"}, "new-reply")
    kept = await database.requests.get_owned(number, 1)
    assert kept is not None and (kept.result, kept.reply_file_id) == ({"risk": "high"}, "new-reply")
    await database.requests.answer_again(number, {"risk": "low"}, None)
    kept = await database.requests.get_owned(number, 1)
    assert kept is not None and (kept.result, kept.reply_file_id) == ({"risk": "low"}, None)
