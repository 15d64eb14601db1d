"""Those who run the bot: their roles, bans and switches, and a log that only grows."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from storage import BroadcastState, Database
from storage.audit import Action
from storage.staff import Role, Switch

OWNER, HELPER, PATIENT = 1, 7, 4_123_456_789


async def test_a_role_is_given_changed_and_taken_away(database: Database) -> None:
    await database.staff.grant(OWNER, HELPER, Role.REVIEWER)
    await database.staff.grant(OWNER, HELPER, Role.ADMIN)
    assert await database.staff.roles() == {HELPER: Role.ADMIN}
    assert await database.staff.revoke(OWNER, HELPER)
    assert not await database.staff.revoke(OWNER, HELPER)
    assert await database.staff.roles() == {}
    with pytest.raises(ValueError, match="settings"):
        await database.staff.grant(OWNER, HELPER, Role.OWNER)


async def test_a_ban_outlives_erasure_and_names_nobody(database: Database, path: Path) -> None:
    await database.users.seen(PATIENT, "ru")
    assert await database.staff.ban(OWNER, PATIENT)
    assert not await database.staff.ban(OWNER, PATIENT)
    assert await database.users.delete(PATIENT)
    assert await database.staff.banned() == {database.staff.fingerprint(PATIENT)}
    files = b"".join(each.read_bytes() for each in path.parent.glob("bot.db*"))
    assert str(PATIENT).encode() not in files and PATIENT.to_bytes(6, "big") not in files
    assert await database.staff.unban(OWNER, PATIENT)
    assert not await database.staff.unban(OWNER, PATIENT)
    assert await database.staff.banned() == set()


async def test_a_switch_stays_as_it_was_put(database: Database) -> None:
    assert await database.staff.switch(OWNER, Switch.MAINTENANCE, on=True)
    assert not await database.staff.switch(OWNER, Switch.MAINTENANCE, on=True)
    assert await database.staff.switched_on() == {Switch.MAINTENANCE}
    assert await database.staff.switch(OWNER, Switch.MAINTENANCE, on=False)
    assert await database.staff.switched_on() == set()


async def test_the_audit_log_tells_of_every_change_newest_first(database: Database) -> None:
    await database.staff.grant(OWNER, HELPER, Role.ADMIN)
    await database.staff.ban(HELPER, PATIENT)
    await database.staff.switch(HELPER, Switch.MAINTENANCE, on=True)
    await database.staff.log(OWNER, Action.BROADCAST, "3")
    entries, total = await database.staff.audit_page(0, 3)
    assert total == 4
    assert [(each.actor_id, each.action, each.detail) for each in entries] == [
        (OWNER, Action.BROADCAST, "3"),
        (HELPER, Action.SWITCH_ON, "maintenance"),
        (HELPER, Action.BAN, database.staff.fingerprint(PATIENT)[:8]),
    ]
    [oldest], _ = await database.staff.audit_page(3, 3)
    assert (oldest.action, oldest.detail) == (Action.GRANT, f"admin {HELPER}")


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET actor_id = 2"])
async def test_the_database_refuses_to_rewrite_the_audit_log(database: Database, path: Path, statement: str) -> None:
    await database.staff.log(OWNER, Action.BROADCAST, "1")
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)
    connection.close()


async def test_an_entry_is_kept_with_its_change_or_not_at_all(database: Database, path: Path) -> None:
    await database.users.seen(PATIENT, "en")
    draft = await database.broadcasts.create(OWNER, OWNER, "text", "news", "[]", None)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
    connection.close()
    with pytest.raises(IntegrityError, match="no room"):
        await database.broadcasts.confirm(draft.id, OWNER)
    kept = await database.broadcasts.get(draft.id)
    assert kept is not None and kept.state is BroadcastState.DRAFT
    assert (await database.broadcasts.counts(draft.id)).total == 0
    assert await database.staff.audit_page(0, 1) == ([], 0)


async def test_every_step_of_a_broadcast_stands_in_the_log_once(database: Database) -> None:
    now = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    draft = await database.broadcasts.create(OWNER, OWNER, "text", "news", "[]", None)
    for _time in range(2):
        await database.broadcasts.schedule(draft.id, HELPER, now)
        await database.broadcasts.confirm(draft.id, OWNER)
        await database.broadcasts.pause(draft.id, HELPER)
        await database.broadcasts.resume(draft.id, HELPER)
        await database.broadcasts.stop(draft.id, OWNER)
    entries, _total = await database.staff.audit_page(0, 10)
    assert [(each.actor_id, each.action, each.detail) for each in reversed(entries)] == [
        (HELPER, Action.BROADCAST_SCHEDULE, f"{draft.id} 2027-01-02 03:04"),
        (OWNER, Action.BROADCAST, f"{draft.id}"),
        (HELPER, Action.BROADCAST_PAUSE, f"{draft.id}"),
        (HELPER, Action.BROADCAST_RESUME, f"{draft.id}"),
        (OWNER, Action.BROADCAST_CANCEL, f"{draft.id}"),
    ]
