"""The digest: opt-in, at nine by the reader's clock, once, and only for administrators."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.exports.files import files
from bot.operator.digest import DigestSender, next_time
from bot.operator.summary import summary_of
from bot.telegram.rate_limit import RateLimiter
from inference.analysis import Risk
from storage import Outcome
from storage.digests import Every
from storage.records import Verdict
from storage.staff import Role
from storage.statistics import Handled
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

SATURDAY = datetime(2026, 11, 28, 12, tzinfo=UTC)
TITLES = {"en": "The last day", "ru": "Последние сутки"}


async def reader(stage: Stage, language: str = "en", minutes: int = 0, user: int = ADMIN) -> None:
    """One of the staff, and their clock."""
    await stage.audience(user)
    await stage.database.users.set_language(user, language)
    await stage.database.users.set_utc_offset(user, minutes)


async def answer(stage: Stage, outcomes: Sequence[Outcome], user: int = EMMA) -> None:
    await stage.audience(user)
    for number, outcome in enumerate(outcomes):
        request, _ = await stage.database.requests.record(user, user, number, None, "file", "unique", "photo")
        await stage.database.requests.complete(request.id, outcome, {"label": "nv", "risk": "low"}, None)


@pytest.mark.parametrize(
    ("every", "minutes", "expected"),
    [
        (Every.DAY, 0, datetime(2026, 11, 29, 9, tzinfo=UTC)),
        (Every.DAY, 180, datetime(2026, 11, 29, 6, tzinfo=UTC)),
        # It is 6:00 there.
        (Every.DAY, -360, datetime(2026, 11, 28, 15, tzinfo=UTC)),
        (Every.WEEK, 0, datetime(2026, 11, 30, 9, tzinfo=UTC)),
    ],
)
async def test_it_comes_at_nine_by_the_readers_clock(
    stage: Stage, every: Every, minutes: int, expected: datetime
) -> None:
    await reader(stage, minutes=minutes)
    user = await stage.database.users.get(ADMIN)
    assert user is not None and next_time(SATURDAY, user, every) == expected
    assert next_time(expected, user, every) > expected


@pytest.mark.parametrize(
    ("language", "command", "day", "never"),
    [
        ("en", "Digest: the figures", "Every day", "No digest"),
        ("ru", "Сводка: показатели", "Каждый день", "Без сводки"),
    ],
)
async def test_it_is_chosen_in_the_chat_and_off_at_first(
    stage: Stage, language: str, command: str, day: str, never: str
) -> None:
    await reader(stage, language)
    panel = await stage.say(ADMIN, "/digest", command)
    assert "✓ " + never in str(panel.reply_markup)
    stage.press(panel, day)
    shown = stage.sandbox.world.people[ADMIN].messages
    await stage.until(lambda: "✓ " + day in str(shown[panel.message_id].reply_markup))
    assert await stage.database.digests.every(ADMIN) is Every.DAY
    stage.press(shown[panel.message_id], never)
    await stage.until(lambda: "✓ " + never in str(shown[panel.message_id].reply_markup))
    assert await stage.database.digests.every(ADMIN) is None


async def test_whose_clock_is_unknown_is_asked_for_it_and_the_digest_follows(stage: Stage) -> None:
    panel = await stage.say(ADMIN, "/digest", "Digest: the figures")
    stage.press(panel, "Every day")
    asked = await stage.reply(ADMIN, "What does your clock say now?")
    stage.people.press(ADMIN, asked.message_id, "clock:300")
    await stage.reply(ADMIN, "From now on I use your time.")
    [due] = await stage.database.digests.claim_due(datetime.now(UTC) + timedelta(days=2))
    assert (due.due_at.hour, due.due_at.minute) == (4, 0)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ["Photos: 4 (2)", "People: 1 (1)", "Refused: 25% (0%)", "Errors: 25% (0%)",
                "No warning, warning, urgent: 100%, 0%, 0% (100%, 0%, 0%)", "Doctors' words: too few to tell",
                "Against validation: ", "Free on the disk: "]),
        ("ru", ["Фото: 4 (2)", "Люди: 1 (1)", "Отклонено: 25\u00a0% (0\u00a0%)", "Сбои: 25\u00a0% (0\u00a0%)",
                "Заключения врачей: данных пока мало",
                "По сравнению с проверочным набором: ", "Свободно на диске: "]),
    ],
)  # fmt: skip
async def test_it_has_the_figures_beside_those_before(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, language: str, lines: list[str]
) -> None:
    await reader(stage, language)
    await answer(stage, [Outcome.ANSWERED] * 2 + [Outcome.REFUSED, Outcome.FAILED])
    now = datetime.now(UTC)
    earlier = [Handled(0, now - timedelta(hours=30), now - timedelta(hours=30), Outcome.ANSWERED, {"risk": "low"})] * 2
    since = stage.database.statistics.since

    async def with_earlier(moment: datetime) -> list[Handled]:
        return [*earlier, *await since(moment)]

    monkeypatch.setattr(stage.database.statistics, "since", with_earlier)
    await stage.database.digests.set(ADMIN, Every.DAY, now)
    await stage.application.digest_sender.send_due(now + timedelta(seconds=1))
    text = (await stage.reply(ADMIN, TITLES[language])).text or ""
    for line in lines:
        assert line in text, text
    assert max(map(len, text.splitlines())) < 120


async def test_of_two_bots_and_after_a_long_stop_it_comes_once(stage: Stage, tmp_path: Path) -> None:
    await reader(stage)
    now = datetime.now(UTC)
    await stage.database.digests.set(ADMIN, Every.DAY, now - timedelta(days=5))
    application = stage.application
    other = DigestSender(
        stage.bot, stage.database, application.i18n, RateLimiter(), application.access, application.validation, tmp_path
    )
    await asyncio.gather(*(each.send_due(now) for each in (application.digest_sender, other)))
    await other.send_due(now)
    await stage.say(ADMIN, "/help", "")
    assert stage.deliveries(ADMIN, "The last day") == 1
    assert not await stage.database.digests.claim_due(now)
    assert await stage.database.digests.claim_due(now + timedelta(days=1))


async def test_whoever_is_no_administrator_any_more_gets_none(stage: Stage) -> None:
    await reader(stage, user=IVAN)
    await stage.application.access.grant(ADMIN, IVAN, Role.ADMIN)
    await stage.database.digests.set(IVAN, Every.WEEK, SATURDAY)
    await stage.application.access.revoke(ADMIN, IVAN)
    await stage.application.digest_sender.send_due(datetime.now(UTC))
    assert await stage.database.digests.every(IVAN) is None and stage.deliveries(IVAN, "Последние 7 дней") == 0


async def test_doctors_agreement_is_told_from_five_on(stage: Stage) -> None:
    await reader(stage)
    await answer(stage, [Outcome.ANSWERED] * 5)
    for number, request in enumerate((await stage.database.requests.export(EMMA))["requests"]):
        await stage.database.verdicts.note(request["id"], EMMA, Verdict("mel" if number == 0 else "nv", False))
    await stage.database.digests.set(ADMIN, Every.WEEK, SATURDAY)
    await stage.application.digest_sender.send_due(datetime.now(UTC))
    text = (await stage.reply(ADMIN, "The last 7 days")).text or ""
    assert "Doctors agreed with 4 of 5 answers, of all time" in text


async def test_it_is_part_of_the_export_and_goes_with_the_person(stage: Stage) -> None:
    await reader(stage)
    await stage.database.digests.set(ADMIN, Every.WEEK, SATURDAY)
    with stage.application.i18n.context():
        exported = {name: content async for name, content in files(stage.database, ADMIN, None)}
    assert json.loads(exported["data.json"])["digest_every"] == "week"
    await stage.database.users.delete(ADMIN)
    assert await stage.database.digests.every(ADMIN) is None


def test_a_period_without_photos_has_no_times() -> None:
    empty = summary_of([])
    assert (empty.photos, empty.median, empty.p95, empty.risks[Risk.LOW]) == (0, None, None, 0)
