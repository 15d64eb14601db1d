"""Requests: recorded once, claimed once, completed once, readable by their owner alone."""

import asyncio
import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Completion, Database, Outcome, Received, Request

RESULT = {"label": "mel", "probabilities": {"mel": 0.9, "nv": 0.1}, "risk": "high", "refusal": None}


async def record(database: Database, user: int = 1, message: int = 1) -> Request:
    request, created = await database.requests.record(user, user, message, None, "file", "unique", "photo")
    assert created
    return request


async def answer(database: Database, user: int, message: int) -> Request:
    request = await record(database, user, message)
    assert await database.requests.claim([request.id])
    await database.requests.complete(request.id, Outcome.ANSWERED, RESULT, "reply")
    return request


async def test_a_message_told_many_times_at_once_is_recorded_once(database: Database) -> None:
    answers = await asyncio.gather(
        *(database.requests.record(1, 1, 9, "album", "file", "unique", "document") for _ in range(20))
    )
    assert sum(created for _, created in answers) == 1
    assert len({request.id for request, _ in answers}) == 1
    request = answers[0][0]
    assert (request.media_group_id, request.kind, request.outcome) == ("album", "document", Outcome.RECEIVED)
    assert request.created_at.utcoffset() == timedelta(0)


async def test_recording_creates_a_person_who_has_agreed_to_nothing(database: Database) -> None:
    await record(database, user=8)
    user = await database.users.get(8)
    assert user is not None and user.consented_at is None


async def test_of_all_who_claim_one_gets_it(database: Database) -> None:
    request = await record(database)
    claims = await asyncio.gather(*(database.requests.claim([request.id]) for _ in range(20)))
    assert sorted(map(len, claims)) == [0] * 19 + [1]
    assert await database.requests.release([request.id])
    assert not await database.requests.release([request.id])
    assert await database.requests.claim([request.id])


async def test_only_what_nobody_has_claimed_is_discarded(database: Database) -> None:
    unwanted, claimed = await record(database, message=1), await record(database, message=2)
    await database.requests.claim([claimed.id])
    await database.requests.discard(unwanted.id)
    await database.requests.discard(claimed.id)
    assert [each.id for each in await database.requests.unfinished()] == [claimed.id]


async def test_a_completed_request_is_final(database: Database) -> None:
    request = await answer(database, 1, 1)
    await database.requests.complete(request.id, Outcome.FAILED, None, None)
    assert not await database.requests.claim([request.id])
    assert not await database.requests.release([request.id])
    kept = await database.requests.get_owned(request.id, 1)
    assert kept is not None
    assert (kept.outcome, kept.result, kept.reply_file_id) == (Outcome.ANSWERED, RESULT, "reply")
    assert kept.completed_at is not None and kept.completed_at >= kept.created_at


async def test_unfinished_are_those_received_and_those_under_way(database: Database) -> None:
    received = await record(database, message=1)
    working = await record(database, message=2)
    await database.requests.claim([working.id])
    await answer(database, 1, 3)
    assert [each.id for each in await database.requests.unfinished()] == [received.id, working.id]


async def test_the_progress_message_of_unfinished_requests_is_remembered(database: Database) -> None:
    told, other = await record(database, message=1), await record(database, message=2)
    await database.requests.set_progress_message([told.id], 77)
    remembered = {each.id: each.progress_message_id for each in await database.requests.unfinished()}
    assert remembered == {told.id: 77, other.id: None}


async def test_a_progress_message_that_outlived_its_request_is_found_until_it_is_gone(database: Database) -> None:
    open_one, closed, old = [await record(database, message=number) for number in (1, 2, 3)]
    long_ago = datetime.now(UTC) - timedelta(days=3)
    for request in (open_one, closed, old):
        await database.requests.set_progress_message([request.id], 70 + request.id)
    for request in (closed, old):
        await database.requests.complete(request.id, Outcome.ANSWERED, RESULT, "reply")
    found = await database.requests.outlived(long_ago)
    assert {each.id for each in found} == {closed.id, old.id}
    assert await database.requests.outlived(datetime.now(UTC) + timedelta(seconds=1)) == []
    await database.requests.set_progress_message([closed.id, old.id], None)
    assert await database.requests.outlived(long_ago) == []


async def test_nobody_opens_what_is_not_theirs(database: Database) -> None:
    request = await answer(database, 1, 1)
    assert await database.requests.get_owned(request.id, 2) is None
    assert await database.requests.get_owned(request.id + 1, 1) is None


async def test_pages_hold_finished_requests_newest_first(database: Database) -> None:
    ids = [(await answer(database, 1, message)).id for message in range(7)]
    await answer(database, 2, 1)
    refused = await record(database, message=7)
    await database.requests.complete(refused.id, Outcome.REFUSED, {"refusal": "blurred"}, None)
    failed = await record(database, message=8)
    await database.requests.complete(failed.id, Outcome.FAILED, None, None)
    await record(database, message=9)

    first, total = await database.requests.page(1, 0, 5)
    second, _ = await database.requests.page(1, 5, 5)
    assert total == 7
    assert [each.id for each in first + second] == list(reversed(ids))


async def test_refused_photos_of_a_person_are_found_and_opened_once_more(database: Database) -> None:
    began = datetime.now(UTC)
    await answer(database, 1, 1)
    refused = [(await record(database, message=message)).id for message in (2, 3)]
    for number in refused:
        await database.requests.complete(number, Outcome.REFUSED, {"refusal": "no_consent"}, None)
    found = await database.unread.refused_since(1, began)
    assert [(each.id, each.result) for each in found] == [(each, {"refusal": "no_consent"}) for each in refused]
    assert await database.unread.refused_since(2, began) == []
    assert await database.unread.refused_since(1, datetime.now(UTC)) == []
    assert await database.unread.reopen(refused, 2) == set()
    assert await database.unread.reopen(refused, 1) == set(refused)
    assert await database.unread.reopen(refused, 1) == set()
    assert await database.requests.claim(refused) == set(refused)


async def test_health_data_and_file_ids_are_unreadable_in_the_files(database: Database, path: Path) -> None:
    request, _ = await database.requests.record(1, 1, 1, "album", "SECRET-FILE", "SECRET-UNIQUE", "photo")
    secret = {"label": "SECRET-LABEL", "models": {"classifier": "SECRET-MODEL"}}
    await database.requests.complete(request.id, Outcome.ANSWERED, secret, "SECRET-REPLY")
    await database.broadcasts.create(1, 1, "photo", "caption", "[]", "SECRET-PHOTO")
    kept = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert b"SECRET" not in kept
    assert b"album" in kept and b"caption" in kept
    found = await database.requests.get_owned(request.id, 1)
    assert found is not None
    assert (found.file_id, found.file_unique_id, found.reply_file_id) == (
        "SECRET-FILE",
        "SECRET-UNIQUE",
        "SECRET-REPLY",
    )


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE requests SET result = (SELECT result FROM requests WHERE id = 2) WHERE id = 1",
        "UPDATE requests SET file_id = (SELECT file_id FROM requests WHERE id = 2) WHERE id = 1",
        "UPDATE requests SET reply_file_id = file_id WHERE id = 1",
        "UPDATE requests SET user_id = 2, message_id = 9 WHERE id = 1",
        "UPDATE requests SET result = zeroblob(5) WHERE id = 1",
        "UPDATE requests SET file_id = 'no base64' WHERE id = 1",
    ],
)
async def test_a_ciphertext_that_was_moved_or_altered_is_refused_and_stops_no_other(
    database: Database, path: Path, moved: str, caplog: pytest.LogCaptureFixture
) -> None:
    await answer(database, 1, 1)
    await answer(database, 2, 2)
    with sqlite3.connect(path) as connection:
        connection.execute(moved)
    connection.close()
    found = [*(await database.requests.page(1, 0, 5))[0], *(await database.requests.page(2, 0, 5))[0]]
    [lost] = [each for each in found if not each.is_readable]
    assert (lost.id, lost.file_id, lost.reply_file_id, lost.result) == (1, "", None, None)
    [told] = [each.getMessage() for each in caplog.records]
    assert re.match(r"request 1: requests\.\w+ cannot be decrypted", told), "neither person nor content is in the log"
    assert [each["is_readable"] for each in (await database.requests.export(2))["requests"]][-1]


async def test_an_album_is_closed_once_however_often_that_is_tried(database: Database) -> None:
    ids = [(await record(database, message=number)).id for number in (1, 2, 3)]
    await database.requests.claim(ids)
    completions = [Completion(each, Outcome.ANSWERED, RESULT, f"reply {each}") for each in ids]
    assert await database.requests.complete_all(completions) == set(ids)
    assert await database.requests.complete_all(completions) == set()
    kept, _ = await database.requests.page(1, 0, 5)
    assert [(each.result, each.reply_file_id) for each in kept] == [(RESULT, f"reply {each.id}") for each in kept]


async def test_an_album_of_which_one_photo_cannot_be_closed_stays_open_as_a_whole(database: Database) -> None:
    ids = [(await record(database, message=number)).id for number in (1, 2)]
    wrong = [Completion(ids[0], Outcome.ANSWERED, RESULT), Completion(ids[1], Outcome.ANSWERED, {"no": object()})]
    with pytest.raises(TypeError):
        await database.requests.complete_all(wrong)
    assert [each.id for each in await database.requests.unfinished()] == ids


async def test_what_was_erased_is_not_kept_any_more(database: Database) -> None:
    gone, kept = await record(database, user=1), await record(database, user=2)
    await database.users.delete(1)
    assert await database.requests.still_kept([gone.id, kept.id]) == {kept.id}


async def test_of_many_who_ask_for_one_explanation_one_is_told_so(database: Database) -> None:
    request = await answer(database, 1, 1)
    asked = await asyncio.gather(*(database.requests.owe_explanation(request.id) for _ in range(20)))
    assert sum(asked) == 1
    await database.requests.settle_explanation(request.id)
    assert await database.requests.owe_explanation(request.id)


async def test_a_number_is_never_given_twice(database: Database) -> None:
    request = await record(database, user=1)
    await database.users.delete(1)
    assert (await record(database, user=1)).id > request.id


async def test_completing_what_was_erased_meanwhile_brings_nothing_back(database: Database) -> None:
    request = await record(database)
    await database.requests.claim([request.id])
    await database.users.delete(1)
    await database.requests.complete(request.id, Outcome.ANSWERED, RESULT, "reply")
    assert await database.requests.export(1) == {}


async def test_an_export_is_all_of_one_person_as_json(database: Database) -> None:
    await database.users.seen(1, "ru")
    await database.users.consent(1)
    await answer(database, 1, 1)
    await answer(database, 2, 1)
    broadcast = await database.broadcasts.create(1, 1, "text", "news", "[]", None)
    await database.broadcasts.confirm(broadcast.id, broadcast.admin_id)

    export = json.loads(json.dumps(await database.requests.export(1)))
    assert export["user"]["id"] == 1 and export["user"]["consented_at"]
    (request,) = export["requests"]
    assert request["result"] == RESULT and request["user_id"] == 1
    assert [each["broadcast_id"] for each in export["announcements_received"]] == [broadcast.id]
    assert [each["text"] for each in export["announcements_written"]] == ["news"]
    assert await database.requests.export(3) == {}


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)not[- ]null"):
        await database.requests.record(1, 1, 1, None, "file", "unique", None)  # type: ignore[arg-type]
    assert await database.users.get(1) is None
    await record(database)


async def test_many_requests_are_recorded_at_once_and_each_only_once(database: Database) -> None:
    received = [Received(7, 7, number, "album", f"file {number}", "unique", "photo") for number in (1, 2, 3)]
    assert await database.requests.record_all(received[:2]) == 2
    assert await database.requests.record_all(received) == 1
    assert await database.requests.record_all([]) == 0
    assert [each.file_id for each in await database.requests.unfinished()] == ["file 1", "file 2", "file 3"]
    user = await database.users.get(7)
    assert user is not None and user.consented_at is None
