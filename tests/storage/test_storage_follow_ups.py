"""Questions weeks after an answer: who is asked, once, by one bot."""

from datetime import UTC, datetime, timedelta

from storage import Database, Outcome
from storage.records import Verdict

WEEK = timedelta(weeks=1)


async def answered(database: Database, user: int, message: int, outcome: Outcome = Outcome.ANSWERED) -> int:
    await database.users.seen(user, "ru")
    await database.users.consent(user)
    request, _ = await database.requests.record(user, user, message, None, "file", "unique", "photo")
    await database.requests.complete(request.id, outcome, {"risk": "high"}, None)
    return request.id


def later(weeks: float) -> datetime:
    return datetime.now(UTC) + weeks * WEEK


async def due(database: Database, moment: datetime) -> list[int]:
    return [each.request.id for each in await database.follow_ups.claim_due(moment)]


async def test_an_answer_is_followed_up_after_four_weeks_and_claimed_once(database: Database) -> None:
    number = await answered(database, 1, 1)
    await answered(database, 1, 2, Outcome.REFUSED)
    assert await due(database, later(3.9)) == []
    moment = later(4.1)
    [asked] = await database.follow_ups.claim_due(moment)
    assert asked.request.id == number and asked.request.result == {"risk": "high"}
    assert await due(database, moment) == []
    # Whoever claimed it died.
    assert await due(database, moment + timedelta(minutes=6)) == [number]
    await database.follow_ups.settle(1, moment)
    assert await due(database, later(9)) == []


async def test_who_must_not_be_asked_is_left_out(database: Database) -> None:
    numbers = [await answered(database, user, 1) for user in range(1, 6)]
    await database.users.set_follow_ups(1, False)
    await database.users.mark_blocked(2)
    await database.consents.withdraw_all(3)
    await database.verdicts.note(numbers[3], 4, Verdict("nv", False))
    assert await due(database, later(5)) == [numbers[4]]
    await database.users.delete(5)
    await database.users.set_follow_ups(1, True)
    assert await due(database, later(6)) == [numbers[0]]


async def test_a_question_is_put_off_or_dropped(database: Database) -> None:
    first, second = [await answered(database, 1, message) for message in (1, 2)]
    assert sorted(await due(database, later(4.1))) == [first, second]
    await database.follow_ups.postpone(first, later(5))
    await database.follow_ups.drop(second)
    assert await due(database, later(4.9)) == []
    assert await due(database, later(5.1)) == [first]


async def test_of_several_answers_of_one_person_one_is_asked_about(database: Database) -> None:
    for message in (1, 2):
        await answered(database, 1, message)
    other = await answered(database, 2, 1)
    await database.follow_ups.settle(1, later(4.1))
    assert await due(database, later(4.2)) == [other]
