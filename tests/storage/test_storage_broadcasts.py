"""Broadcasts: the recipients of the moment of confirmation, each delivery at most once, pauses and times obeyed."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage import Audience, BroadcastState, Content, Database, DeliveryCounts, DeliveryState


async def people(database: Database, *ids: int) -> None:
    for user in ids:
        await database.users.seen(user, "ru")
        await database.users.consent(user)


async def running(database: Database) -> int:
    draft = await database.broadcasts.create(9, 90, "photo", "caption", '[{"type": "bold"}]', "photo-id")
    assert draft.state is BroadcastState.DRAFT
    assert await database.broadcasts.confirm(draft.id, draft.admin_id)
    return draft.id


async def batch(database: Database, broadcast: int) -> list[int]:
    return [each.user_id for each in await database.broadcasts.next_batch(broadcast, 10)]


async def test_a_broadcast_keeps_what_it_says(database: Database) -> None:
    broadcast = await running(database)
    await database.broadcasts.set_progress_message(broadcast, 77)
    kept = await database.broadcasts.get(broadcast)
    assert kept is not None
    assert (kept.admin_id, kept.chat_id, kept.kind, kept.text) == (9, 90, "photo", "caption")
    assert (kept.entities_json, kept.file_id) == ('[{"type": "bold"}]', "photo-id")
    assert (kept.state, kept.progress_message_id) == (BroadcastState.RUNNING, 77)
    assert await database.broadcasts.get(broadcast + 1) is None


async def test_of_many_confirmations_one_counts(database: Database) -> None:
    await people(database, 1, 2)
    draft = await database.broadcasts.create(9, 9, "text", "news", "[]", None)
    confirmed = await asyncio.gather(*(database.broadcasts.confirm(draft.id, draft.admin_id) for _ in range(10)))
    assert sum(confirmed) == 1
    assert await database.broadcasts.counts(draft.id) == DeliveryCounts(pending=2)
    assert not await database.broadcasts.cancel(draft.id)


async def test_a_cancelled_draft_is_never_sent(database: Database) -> None:
    await people(database, 1)
    draft = await database.broadcasts.create(9, 9, "text", "news", "[]", None)
    assert await database.broadcasts.cancel(draft.id)
    assert not await database.broadcasts.confirm(draft.id, draft.admin_id)
    assert await database.broadcasts.running() == []
    assert await batch(database, draft.id) == []


async def test_the_recipients_are_those_of_the_confirmation(database: Database) -> None:
    await people(database, 1, 2, 3)
    await database.users.mark_blocked(2)
    broadcast = await running(database)
    await people(database, 4)
    deliveries = await database.broadcasts.next_batch(broadcast, 10)
    assert [(each.user_id, each.language) for each in deliveries] == [(1, "ru"), (3, "ru")]
    assert [each.user_id for each in await database.broadcasts.next_batch(broadcast, 1)] == [1]


async def test_a_delivery_once_begun_is_begun_by_nobody_else(database: Database) -> None:
    await people(database, 1, 2)
    broadcast = await running(database)
    begun = await asyncio.gather(*(database.broadcasts.mark_sending(broadcast, 1) for _ in range(10)))
    assert sum(begun) == 1
    assert await batch(database, broadcast) == [2]


async def test_how_deliveries_end(database: Database) -> None:
    await people(database, 1, 2, 3, 4, 5)
    broadcast = await running(database)
    ends = {
        1: DeliveryState.SENT,
        2: DeliveryState.BLOCKED,
        3: DeliveryState.FAILED,
        4: DeliveryState.PENDING,
    }
    for user, state in ends.items():
        assert await database.broadcasts.mark_sending(broadcast, user)
        await database.broadcasts.mark(broadcast, user, state)
    assert await database.broadcasts.mark_sending(broadcast, 5)

    counts = await database.broadcasts.counts(broadcast)
    assert counts == DeliveryCounts(pending=1, sending=1, sent=1, blocked=1, failed=1)
    assert counts.total == 5
    assert await batch(database, broadcast) == [4]
    blocked = await database.users.get(2)
    assert blocked is not None and blocked.blocked_at is not None
    await database.broadcasts.mark(broadcast, 1, DeliveryState.FAILED)
    assert (await database.broadcasts.counts(broadcast)).sent == 1


async def test_opting_out_takes_one_off_a_broadcast_under_way(database: Database) -> None:
    await people(database, 1, 2)
    broadcast = await running(database)
    assert await database.broadcasts.mark_sending(broadcast, 1)
    await database.users.set_announcements(1, False)
    await database.users.set_announcements(2, False)
    assert not await database.broadcasts.mark_sending(broadcast, 2)
    assert await database.broadcasts.counts(broadcast) == DeliveryCounts(sending=1, skipped=1)


async def test_a_finished_broadcast_does_not_run_again(database: Database) -> None:
    broadcast = await running(database)
    assert [each.id for each in await database.broadcasts.running()] == [broadcast]
    assert await database.broadcasts.finish(broadcast)
    assert not await database.broadcasts.finish(broadcast)
    assert await database.broadcasts.running() == []
    kept = await database.broadcasts.get(broadcast)
    assert kept is not None and kept.finished_at is not None


async def test_each_language_gets_its_own_content_sealed_to_its_place(database: Database) -> None:
    draft = await database.broadcasts.create(9, 9, "text", "news", "[]", None)
    russian = Content(kind="document", text="новости", entities_json="[]", file_id="file-id")
    assert await database.broadcasts.translate(draft.id, "ru", russian)
    kept = await database.broadcasts.get(draft.id)
    assert kept is not None and kept.content("ru") == russian
    assert (kept.content("en")["text"], kept.content("en")["file_id"]) == ("news", None)
    assert await database.broadcasts.confirm(draft.id, draft.admin_id)
    assert not await database.broadcasts.translate(draft.id, "ru", russian)
    assert not await database.broadcasts.address(draft.id, Audience.STAFF)


async def test_each_audience_has_its_recipients_and_no_audience_those_who_opted_out(database: Database) -> None:
    languages = {1: "ru", 2: "ru-RU", 3: "en", 4: "de", 5: None, 6: "ru"}
    for user, language in languages.items():
        await database.users.seen(user, language)
        await database.users.consent(user)
    await database.users.set_announcements(6, False)
    await database.requests.record(3, 3, 1, None, "file", "unique", "photo")
    await database.requests.record(6, 6, 1, None, "file", "unique", "photo")
    wanted = {
        Audience.ALL: [1, 2, 3, 4, 5],
        Audience.RUSSIAN: [1, 2],
        Audience.ENGLISH: [3, 4, 5],
        Audience.ACTIVE: [3],
        Audience.STAFF: [2],
    }
    staff = [2, 6, 77]
    for audience, users in wanted.items():
        assert await database.broadcasts.count_recipients(audience, staff) == len(users)
        draft = await database.broadcasts.create(9, 9, "text", "news", "[]", None)
        assert await database.broadcasts.address(draft.id, audience)
        assert await database.broadcasts.confirm(draft.id, draft.admin_id, staff)
        assert await batch(database, draft.id) == users


async def test_a_pause_stops_deliveries_until_it_ends(database: Database) -> None:
    await people(database, 1, 2)
    broadcast = await running(database)
    assert await database.broadcasts.mark_sending(broadcast, 1)
    assert await database.broadcasts.pause(broadcast, 9)
    assert not await database.broadcasts.pause(broadcast, 9)
    assert await batch(database, broadcast) == []
    assert not await database.broadcasts.mark_sending(broadcast, 2)
    assert not await database.broadcasts.finish(broadcast)
    # What was on its way when the pause began still ends.
    await database.broadcasts.mark(broadcast, 1, DeliveryState.SENT)
    assert await database.broadcasts.counts(broadcast) == DeliveryCounts(pending=1, sent=1)
    assert await database.broadcasts.resume(broadcast, 9)
    assert not await database.broadcasts.resume(broadcast, 9)
    assert await database.broadcasts.mark_sending(broadcast, 2)


async def test_a_stopped_broadcast_never_goes_on(database: Database) -> None:
    await people(database, 1)
    broadcast = await running(database)
    assert await database.broadcasts.stop(broadcast, 9)
    assert not await database.broadcasts.stop(broadcast, 9)
    assert not await database.broadcasts.resume(broadcast, 9)
    assert not await database.broadcasts.mark_sending(broadcast, 1)
    assert [each.state for each in await database.broadcasts.latest(5)] == [BroadcastState.CANCELLED]


async def test_what_waits_for_its_time_is_confirmed_once_and_listed_when_due_first(database: Database) -> None:
    await people(database, 1)
    soon = datetime.now(UTC) + timedelta(hours=1)
    drafts = [await database.broadcasts.create(9, 9, "text", "news", "[]", None) for _ in range(3)]
    for draft, starts_at in zip(drafts, (soon + timedelta(days=1), soon), strict=False):
        assert await database.broadcasts.schedule(draft.id, draft.admin_id, starts_at)
    assert not await database.broadcasts.schedule(drafts[0].id, drafts[0].admin_id, soon)
    assert [each.id for each in await database.broadcasts.scheduled()] == [drafts[1].id, drafts[0].id]
    assert next(each.starts_at for each in await database.broadcasts.scheduled()) == soon
    confirmed = await asyncio.gather(*(database.broadcasts.confirm(drafts[1].id, drafts[1].admin_id) for _ in range(5)))
    assert sum(confirmed) == 1
    assert [each.id for each in await database.broadcasts.latest(5)] == [drafts[1].id, drafts[0].id]
