"""Administrators see by how much photos and answers differ from the validation set."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.operator.drift import Validation, against
from bot.operator.health import Fault, examine
from inference.drift import ENOUGH, LABEL, Reference, to_report
from inference.engine.engine import DEFAULT_WEIGHTS, Engine
from inference.engine.pool import ServedModel
from storage import Database, Outcome, Received
from storage.statistics import Handled
from tests.bot.pools import IdlePool
from tests.bot.stage import ADMIN, Stage, open_stage

MODEL = "fixcaps 1.0.0"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LIKE_VAL = [("nv", {"sharpness": 0.3 + number / 1000, "brightness": 0.7}) for number in range(300)]
REFERENCE = Reference.of(LIKE_VAL)


class ServingPool(IdlePool):
    """Names the classifier that would serve."""

    @property
    def models(self) -> tuple[ServedModel, ...]:
        return (ServedModel("classifier", "fixcaps", "1.0.0", {}, "none"),)


def result(label: str = "nv", sharpness: float = 0.45, **more: Any) -> dict[str, Any]:
    features = {"sharpness": sharpness, "brightness": 0.7}
    return {"label": label, "domain": "phone", "models": {"classifier": MODEL}, "features": features, **more}


def handled(result: dict[str, Any], days_ago: int = 0) -> Handled:
    at = NOW - timedelta(days=days_ago)
    return Handled(1, at, at, Outcome.ANSWERED, result)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """The released weights, with another report of what `val` looked like."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for each in DEFAULT_WEIGHTS.iterdir():
        if each.name != "kinds-val.json":
            (folder / each.name).symlink_to(each)
    report = {"classifier": MODEL, "seen": to_report({"phone": REFERENCE})}
    (folder / "kinds-val.json").write_text(json.dumps(report))
    return folder


@pytest.fixture
async def stage(tmp_path: Path, weights: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, Engine(ServingPool()), weights_dir=weights) as stage:
        yield stage


async def answer(database: Database, results: list[dict[str, Any]]) -> None:
    await database.requests.record_all(
        [Received(1, 1, number, None, "f", "u", "photo") for number in range(len(results))]
    )
    for request, each in zip(await database.requests.unfinished(), results, strict=True):
        await database.requests.complete(request.id, Outcome.ANSWERED, each, None)


def test_the_class_counts_from_before_the_persons_answers() -> None:
    joined = result("mel", before={"label": "nv"})
    [found] = against({"phone": REFERENCE}, MODEL, [handled(joined)] * ENOUGH)
    assert found.indices[LABEL] == 0 and found.photos == ENOUGH


def test_answers_of_another_model_and_kind_do_not_count() -> None:
    others = [handled(result() | {"models": {"classifier": "b 1"}}), handled(result() | {"domain": "dermatoscope"})]
    [found] = against({"phone": REFERENCE}, MODEL, others * ENOUGH)
    assert (found.photos, found.indices, found.departed) == (0, {}, [])


async def test_only_the_last_seven_days_are_compared(weights: Path) -> None:
    validation = Validation(Engine(ServingPool()), weights)
    blurred = result(sharpness=0.1)
    [recent] = await validation.compare([handled(blurred, 6)] * ENOUGH, NOW)
    assert recent.departed == ["sharpness"]
    [older] = await validation.compare([handled(blurred, 8)] * ENOUGH, NOW)
    assert older.photos == 0


async def test_photos_unlike_validation_are_out_of_their_range(database: Database, weights: Path) -> None:
    await answer(database, [result("mel", 0.1)] * ENOUGH)
    health = await examine(database, weights, Validation(Engine(ServingPool()), weights))
    assert Fault.UNLIKE_VALIDATION in health.faults
    assert set(health.validation[0].departed) == {LABEL, "sharpness"}


async def test_the_figures_name_what_differs_in_both_languages(stage: Stage) -> None:
    await stage.audience(ADMIN)
    await answer(stage.database, [result("nv", 0.1)] * ENOUGH)
    expected = {
        "en": "Against validation: by phone ⚠️ sharpness ",
        "ru": "По сравнению с проверочным набором: на телефон ⚠️ резкость ",
    }
    for language, line in expected.items():
        await stage.database.users.set_language(ADMIN, language)
        assert (await stage.say(ADMIN, "/stats", line)).photo
        assert await stage.say(ADMIN, "/health", line)


async def test_photos_like_those_of_validation_are_named_as_such(stage: Stage) -> None:
    await answer(stage.database, [result(label, features["sharpness"]) for label, features in LIKE_VAL])
    await stage.say(ADMIN, "/stats", "Against validation: by phone at most 0.00 (limit 0.25)")
