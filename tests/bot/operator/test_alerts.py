"""Administrators hear once that something left its range, and once that it is back."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.operator.alerts import Alerts
from bot.operator.drift import Validation
from bot.operator.health import DISK_LIMIT_BYTES, Fault, Health, examine
from bot.supervisor import Supervisor
from inference.engine.engine import Engine
from storage import Database, Outcome, Received, StorageBusy
from storage.staff import Role
from tests.bot.pools import IdlePool
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

WELL = Health(9, 0, 0.0, 2.0, 0.01, [], 10 * DISK_LIMIT_BYTES, frozenset())
FAILING = Health(90, 0, 0.5, 2.0, 0.01, [], 10 * DISK_LIMIT_BYTES, frozenset({Fault.ERRORS}))


def unknown(folder: Path) -> Validation:
    """No report says what the validation set looked like."""
    return Validation(Engine(IdlePool()), folder)


async def closed(database: Database, outcomes: list[Outcome]) -> None:
    await database.requests.record_all(
        [Received(1, 1, number, None, "f", "u", "photo") for number in range(len(outcomes))]
    )
    for request, outcome in zip(await database.requests.unfinished(), outcomes, strict=True):
        await database.requests.complete(request.id, outcome, {"label": "nv"}, None)


async def test_an_hour_with_many_failures_is_out_of_its_range(database: Database, tmp_path: Path) -> None:
    await closed(database, [Outcome.ANSWERED] * 25 + [Outcome.FAILED] * 5)
    health = await examine(database, tmp_path, unknown(tmp_path))
    assert health.requests == 30 and health.failed == pytest.approx(5 / 30) and Fault.ERRORS in health.faults
    assert health.slowest is not None and Fault.LATENCY not in health.faults
    later = await examine(database, tmp_path, unknown(tmp_path), datetime.now(UTC) + timedelta(hours=2))
    assert later.requests == 0 and later.failed is None and Fault.ERRORS not in later.faults


async def test_three_failures_alone_are_no_alarm(database: Database, tmp_path: Path) -> None:
    await closed(database, [Outcome.FAILED] * 3)
    assert Fault.ERRORS not in (await examine(database, tmp_path, unknown(tmp_path))).faults


async def watch(stage: Stage, folder: Path, *seen: Health) -> None:
    """What a process sees in turn; then it ends."""
    coming = iter(seen)
    ended = asyncio.Event()

    async def look(_database: Database, _folder: Path, _validation: Validation) -> Health:
        if (health := next(coming, None)) is not None:
            return health
        ended.set()
        raise StorageBusy("the database is locked")

    application = stage.application
    alerts = Alerts(stage.bot, stage.database, application.access, application.i18n, folder, application.validation)
    supervisor = Supervisor()
    # The stage's own bot watches too, at its own interval.
    supervisor.start(alerts.keep_watching(look, timedelta(milliseconds=1)), "alerts")
    await asyncio.wait_for(ended.wait(), 20)
    await supervisor.stop()


def told(stage: Stage, user: int) -> list[str]:
    """What each alert begins with."""
    said = [each.text or "" for each in stage.heard(user)]
    return [each.partition(":")[0] for each in said if "/health" in each]


BEGAN, OVER = "⚠️ Photos that failed in the last hour", "✅ Back in its range"


async def test_each_administrator_hears_once_and_of_the_end_once(stage: Stage, tmp_path: Path) -> None:
    await stage.audience(EMMA, IVAN)
    await stage.database.staff.grant(ADMIN, IVAN, Role.ADMIN)
    await stage.database.staff.grant(ADMIN, EMMA, Role.REVIEWER)
    await stage.application.access.load()
    seen = (WELL, FAILING, WELL, FAILING, FAILING, FAILING, WELL, FAILING, WELL, WELL, WELL)
    await watch(stage, tmp_path, *seen)
    assert told(stage, ADMIN) == [BEGAN, OVER]
    assert [(each.text or "")[:10] for each in stage.heard(IVAN)] == ["⚠️ Фото со", "✅ Снова в "]
    assert stage.heard(EMMA) == []


async def test_a_restart_repeats_no_alert_and_still_says_its_end(stage: Stage, tmp_path: Path) -> None:
    await watch(stage, tmp_path, FAILING, FAILING)
    await watch(stage, tmp_path, WELL, FAILING, FAILING)
    assert told(stage, ADMIN) == [BEGAN]
    await watch(stage, tmp_path, WELL)
    assert told(stage, ADMIN) == [BEGAN]
    await watch(stage, tmp_path, WELL, WELL, FAILING)
    assert told(stage, ADMIN) == [BEGAN, OVER]


async def test_the_state_can_be_asked_for(stage: Stage) -> None:
    text = (await stage.say(ADMIN, "/health", "in the last hour: 0")).text or ""
    assert text.splitlines()[2] == "· Photos that failed in the last hour: too few to tell (limit 5%)"
    assert "Free on the disk: " in text
