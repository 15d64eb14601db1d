"""People: seen, agreeing, opting out, blocking, and gone without a trace on the disk."""

from pathlib import Path

from storage import Database, Outcome


async def test_a_new_person_has_agreed_to_nothing(database: Database) -> None:
    assert await database.users.get(5) is None
    user = await database.users.seen(5, "ru")
    assert (user.id, user.language, user.consented_at, user.blocked_at) == (5, "ru", None, None)
    assert user.announcements
    assert await database.users.get(5) == user


async def test_a_hint_counts_until_a_language_is_known(database: Database) -> None:
    await database.users.seen(5, None)
    assert (await database.users.seen(5, "ru")).language == "ru"
    assert (await database.users.seen(5, "en")).language == "ru"
    await database.users.set_language(5, "en")
    assert (await database.users.seen(5, "ru")).language == "en"


async def test_the_time_of_the_first_agreement_stays(database: Database) -> None:
    await database.users.seen(5, None)
    await database.users.consent(5)
    first = await database.users.get(5)
    await database.users.consent(5)
    assert first is not None and first.consented_at is not None
    assert first.consented_at.utcoffset() is not None
    assert await database.users.get(5) == first


async def test_recipients_agreed_did_not_opt_out_and_do_not_block(database: Database) -> None:
    for user in range(1, 6):
        await database.users.seen(user, None)
        if user != 1:
            await database.users.consent(user)
    await database.users.set_announcements(2, False)
    await database.users.mark_blocked(3)
    assert await database.users.count_recipients() == 2
    await database.users.mark_active(3)
    await database.users.set_announcements(2, True)
    assert await database.users.count_recipients() == 4


async def test_whoever_writes_does_not_block_the_bot(database: Database) -> None:
    await database.users.seen(3, "en")
    await database.users.mark_blocked(3)
    assert (await database.users.seen(3, "en")).blocked_at is None


async def test_erasing_leaves_nothing_of_a_person_in_any_file(database: Database, path: Path) -> None:
    for user in (1, 2):
        await database.users.seen(user, f"lang-of-{user}")
        await database.users.consent(user)
        for number in range(50):
            request, _ = await database.requests.record(
                user, user, number, f"album-of-{user}", f"file-of-{user}", f"unique-of-{user}", "photo"
            )
            await database.requests.claim([request.id])
            await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "mel"}, f"reply-of-{user}")
        broadcast = await database.broadcasts.create(user, user, "text", f"written-by-{user}", "[]", None)
        await database.broadcasts.confirm(broadcast.id, broadcast.admin_id)
    await database.users.delete(1)

    assert await database.users.get(1) is None
    assert await database.requests.page(1, 0, 5) == ([], 0)
    assert [each.admin_id for each in await database.broadcasts.running()] == [2]
    assert (await database.broadcasts.counts(broadcast.id)).total == 1
    kept = b"".join(each.read_bytes() for each in path.parent.iterdir())
    for trace in ("lang-of-", "album-of-", "written-by-"):
        assert f"{trace}1".encode() not in kept, trace
        assert f"{trace}2".encode() in kept, trace
    assert b"file-of-" not in kept


async def test_erasing_the_unknown_is_no_error(database: Database) -> None:
    await database.users.delete(404)


async def test_many_seen_at_once_are_as_each_seen_alone(database: Database) -> None:
    await database.users.seen(5, "ru")
    await database.users.seen(6, None)
    await database.users.seen(7, "en")
    await database.users.mark_blocked(7)
    await database.users.seen_all({5: "en", 6: "ru", 7: None, 8: "en"})
    everybody = [await database.users.get(user) for user in (5, 6, 7, 8)]
    assert [each and (each.language, each.blocked_at) for each in everybody] == [
        ("ru", None),
        ("ru", None),
        ("en", None),
        ("en", None),
    ]
