"""What people agree to beside the terms of use, and the photos that are kept by it."""

from storage import Database
from storage.records import Purpose
from tests.storage.filling import PERSON, PICTURE, fill


async def test_each_purpose_is_agreed_to_and_withdrawn_by_itself(database: Database) -> None:
    for user in (1, 2):
        await database.users.seen(user, "ru")
    assert await database.consents.of(1) == frozenset()
    await database.consents.give(1, Purpose.TRAINING)
    await database.consents.give(2, Purpose.PHOTOS)
    await database.consents.give(2, Purpose.TRAINING)
    assert await database.consents.of(1) == {Purpose.TRAINING}
    assert await database.consents.who_agrees(Purpose.TRAINING) == [1, 2]
    await database.consents.withdraw(2, Purpose.TRAINING)
    assert await database.consents.who_agrees(Purpose.TRAINING) == [1]
    assert await database.consents.of(2) == {Purpose.PHOTOS}
    await database.consents.give(2, Purpose.TRAINING)
    assert await database.consents.who_agrees(Purpose.TRAINING) == [1, 2]


async def test_both_times_of_an_agreement_are_exported(database: Database) -> None:
    await database.users.seen(1, "ru")
    await database.consents.give(1, Purpose.TRAINING)
    await database.consents.give(1, Purpose.TRAINING)
    [given] = (await database.requests.export(1))["consents"]
    assert given["purpose"] == "training" and given["given_at"] and given["withdrawn_at"] is None
    await database.consents.withdraw(1, Purpose.TRAINING)
    [ended] = (await database.requests.export(1))["consents"]
    assert ended["given_at"] == given["given_at"] and ended["withdrawn_at"] >= ended["given_at"]


async def test_a_photo_is_kept_for_its_owner_alone_and_by_agreement_alone(database: Database) -> None:
    mole = await fill(database)
    [(_, first, picture), *_] = [each async for each in database.mole_pictures.export(PERSON)]
    assert picture == PICTURE + b"\0"
    assert await database.mole_pictures.of(first, PERSON) == picture
    assert await database.mole_pictures.of(first, PERSON + 1) is None
    await database.consents.withdraw(PERSON, Purpose.PHOTOS)
    assert await database.mole_pictures.kept_of(PERSON) == []
    assert not await database.mole_pictures.keep(mole, first, PICTURE)
    assert await database.consents.of(PERSON) == {Purpose.TRAINING}
    await database.consents.give(PERSON, Purpose.PHOTOS)
    assert not await database.mole_pictures.keep(mole, 999, PICTURE)
    assert await database.mole_pictures.keep(mole, first, PICTURE)


async def test_whoever_takes_the_agreement_to_the_terms_back_takes_all_back(database: Database) -> None:
    mole = await fill(database)
    await database.consents.withdraw_all(PERSON)
    user = await database.users.get(PERSON)
    assert user is not None and user.consented_at is None
    assert await database.consents.of(PERSON) == frozenset()
    assert await database.mole_pictures.kept_of(PERSON) == []
    # The results stay until they are erased; nobody is reminded of anything.
    assert len(await database.moles.photos(mole)) == 3
    reminder = await database.reminders.get(mole.id)
    assert reminder is not None and await database.reminders.claim_due(reminder[1]) == []


async def test_a_mole_that_is_followed_no_longer_takes_its_photos_along(database: Database) -> None:
    mole = await fill(database)
    await database.moles.forget(mole.id, PERSON)
    assert await database.mole_pictures.kept_of(PERSON) == []


async def test_how_to_hold_the_phone_is_told_once(database: Database) -> None:
    await database.users.seen(1, "ru")
    assert [await database.users.hint(1) for _ in range(2)] == [True, False]
    assert not await database.users.hint(404)
