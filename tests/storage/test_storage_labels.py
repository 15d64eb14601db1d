"""Labels: whose turn a photo is, one a person, and what several come to."""

import asyncio
from datetime import UTC, datetime

import pytest

from storage import Database
from storage.audit import Action
from storage.labels import NO_OUTLINE, Given, Label, final, final_outline
from tests.storage.filling import PERSON
from tests.storage.test_storage_training_pool import kept

OWNER, ANNA, BORIS, CLARA = 10, 21, 22, 23


async def give(database: Database, number: int, who: int, label: str, outlines: bool = False) -> Given:
    return await database.labels.give(number, who, label, outlines=outlines)


async def test_the_photo_with_the_fewest_labels_comes_first_and_never_ones_own(database: Database) -> None:
    first, second = [await kept(database, OWNER, number) for number in (1, 2)]
    third = await kept(database, ANNA, 3)
    assert await database.labels.next_for(BORIS) == first
    await give(database, first, BORIS, "nv")
    assert await database.labels.next_for(BORIS) == second
    # The first has a label already.
    assert await database.labels.next_for(ANNA) == second
    await give(database, second, ANNA, "nv")
    assert await database.labels.next_for(ANNA) == first
    await give(database, first, ANNA, "nv")
    assert await database.labels.next_for(ANNA) is None
    assert await give(database, third, ANNA, "nv") is Given.GONE
    assert await database.labels.next_for(CLARA) == third


async def test_a_third_person_is_asked_only_where_two_differ(database: Database) -> None:
    agreed, disputed = [await kept(database, OWNER, number) for number in (1, 2)]
    for number, labels in ((agreed, ("nv", "nv")), (disputed, ("nv", "mel"))):
        for who, label in zip((ANNA, BORIS), labels, strict=True):
            assert await give(database, number, who, label) is Given.NOTED
    assert await database.labels.next_for(CLARA) == disputed
    await give(database, disputed, CLARA, "bcc")
    # Three differ: nobody else is asked.
    assert await database.labels.next_for(77) is None
    standing = await database.labels.standing()
    assert (standing.photos, standing.unlabelled, standing.begun) == (2, 0, 0)
    assert (standing.decided, standing.undecided) == (1, 1)
    assert standing.pairs == [("nv", "nv"), ("nv", "mel")]
    assert standing.size == await database.training_pool.size()


async def test_two_taps_at_once_count_once(database: Database) -> None:
    number = await kept(database, OWNER)
    given = await asyncio.gather(*(give(database, number, ANNA, label) for label in ("nv", "mel", "bcc")))
    assert sorted(each.name for each in given) == ["ALREADY", "ALREADY", "NOTED"]
    assert len(await database.labels.of(number)) == 1
    entries, _ = await database.staff.audit_page(0, 10)
    assert [(each.actor_id, each.action, each.detail) for each in entries] == [(ANNA, Action.LABEL, str(number))]


async def test_another_label_in_place_of_a_given_one_decides_anew(database: Database) -> None:
    number = await kept(database, OWNER)
    assert await database.labels.replace(number, ANNA, "unsure") is Given.GONE
    for who in (ANNA, BORIS):
        await give(database, number, who, "nv")
    assert await database.labels.next_for(CLARA) is None
    assert await database.labels.replace(number, ANNA, "unsure") is Given.NOTED
    assert await database.labels.replace(number, ANNA, "unsure") is Given.ALREADY
    assert [each.label for each in await database.labels.of(number)] == ["unsure", "nv"]
    assert await database.labels.next_for(CLARA) == number
    assert await database.labels.next_for(ANNA) is None


async def test_an_outline_is_judged_once_and_left_for_later(database: Database) -> None:
    first, second = [await kept(database, OWNER, number) for number in (1, 2)]
    await give(database, first, ANNA, "nv", outlines=True)
    assert await database.labels.next_for(ANNA) == first
    judged = await asyncio.gather(*(database.labels.judge(first, ANNA, outline) for outline in (1, NO_OUTLINE)))
    assert sorted(each.name for each in judged) == ["ALREADY", "NOTED"]
    [label] = await database.labels.of(first, ANNA)
    assert label.label == "nv" and label.outline in (1, NO_OUTLINE)
    assert not label.outline_open
    assert await database.labels.judge(first, BORIS, 0) is Given.GONE
    assert await database.labels.next_for(ANNA) == second


async def test_a_label_stays_without_a_name_when_its_author_is_erased(database: Database) -> None:
    number = await kept(database, OWNER)
    await database.users.seen(PERSON, "ru")
    await give(database, number, PERSON, "nv")
    [mine] = await database.labels.export(PERSON)
    assert (mine["photo"], mine["label"], mine["outline"]) == (number, "nv", None)
    await database.users.delete(PERSON)
    assert await database.labels.export(PERSON) == []
    assert [each.label for each in await database.labels.of(number)] == ["nv"]


async def test_a_label_from_outside_replaces_an_earlier_one_of_the_same_person(database: Database) -> None:
    number = await kept(database, OWNER)
    await give(database, number, ANNA, "mel")
    for label in ("nv", "mel"):
        assert await database.labels.take(number, "Dr. Weber", label)
    assert [each.label for each in await database.labels.of(number)] == ["mel", "mel"]
    assert await database.labels.next_for(BORIS) is None
    assert not await database.labels.take(404, "Dr. Weber", "nv")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], None),
        (["a"], None),
        (["a", "a"], "a"),
        (["a", "b", "b"], "b"),
        (["a", "b", "c"], None),
        (list("aabb"), None),
    ],
)
def test_two_or_the_majority_of_three_decide(labels: list[str], expected: str | None) -> None:
    assert final(labels) == expected


@pytest.mark.parametrize(
    ("outlines", "expected"),
    [([None, None], None), ([1, None], 1), ([0, 1], None), ([0, NO_OUTLINE, 0], 0), ([NO_OUTLINE, NO_OUTLINE], None)],
)
def test_the_outline_that_most_found_right_counts(outlines: list[int | None], expected: int | None) -> None:
    now = datetime.now(UTC)
    assert final_outline([Label(1, "nv", each, False, now) for each in outlines]) == expected
