"""Answers that are going out: committed to before they are sent, closed afterwards."""

from storage import Completion, Database, Outcome, Request

RESULT = {"label": "mel", "probabilities": {"mel": 0.9, "nv": 0.1}, "risk": "high", "refusal": None}


async def record(database: Database, message: int = 1) -> Request:
    request, _ = await database.requests.record(1, 1, message, None, "file", "unique", "photo")
    return request


async def test_an_answer_is_committed_to_before_it_is_sent_and_only_once(database: Database) -> None:
    first, second = await record(database, message=1), await record(database, message=2)
    await database.requests.claim([first.id])
    album = [Completion(each.id, Outcome.ANSWERED, RESULT) for each in (first, second)]
    assert await database.requests.mark_sending(album) == {first.id}, "nobody works on the second one"
    assert await database.requests.mark_sending(album) == set()
    [marked] = [each for each in await database.requests.unfinished() if each.id == first.id]
    assert (marked.outcome, marked.result, marked.completed_at) == (Outcome.SENDING, RESULT, None)
    assert await database.requests.release([first.id]) == set(), "it may have been sent"
    assert await database.requests.complete_all([Completion(first.id, Outcome.ANSWERED, None, "reply")]) == {first.id}
    kept = await database.requests.get_owned(first.id, 1)
    assert kept is not None
    assert (kept.outcome, kept.result, kept.reply_file_id) == (Outcome.ANSWERED, RESULT, "reply")


async def test_an_answer_that_was_not_sent_is_taken_back(database: Database) -> None:
    request = await record(database)
    await database.requests.claim([request.id])
    assert await database.requests.mark_sending([Completion(request.id, Outcome.ANSWERED, RESULT)])
    assert await database.requests.take_back([request.id]) == {request.id}
    assert await database.requests.release([request.id]) == {request.id}


async def test_an_answer_that_may_have_arrived_is_listed_and_may_be_added_to(database: Database) -> None:
    request = await record(database)
    await database.requests.claim([request.id])
    answered = [Completion(request.id, Outcome.ANSWERED, RESULT)]
    assert await database.requests.mark_sending(answered)
    for found in ((await database.requests.page(1, 0, 5))[0], [await database.requests.last_answered(1)]):
        assert [each is not None and each.is_answered for each in found] == [True]
    await database.requests.amend(request.id, 1, lambda result: {**result, "answers": {"itch": True}})
    await database.requests.complete_all(answered)
    kept = await database.requests.get_owned(request.id, 1)
    assert kept is not None
    assert (kept.outcome, kept.result) == (Outcome.ANSWERED, {**RESULT, "answers": {"itch": True}})


async def test_what_was_erased_is_not_sent(database: Database) -> None:
    request = await record(database)
    await database.requests.claim([request.id])
    await database.users.delete(1)
    assert await database.requests.mark_sending([Completion(request.id, Outcome.ANSWERED, RESULT)]) == set()
