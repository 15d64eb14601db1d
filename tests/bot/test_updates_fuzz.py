"""Random updates of every shape, drawn from aiogram's own types, do not affect other people.

`make soak` draws many. FUZZ_BATCHES is the number of batches, FUZZ_SEED the seed.
"""

import json
import logging
import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import HealthCheck, Phase, given, seed, settings

from bot.samples import sample
from inference.analysis import Analysis, Quality, Refusal
from inference.engine.engine import AnnotatedAnalysis, Engine
from tests.bot.pools import IdlePool
from tests.bot.stage import Stage, open_stage
from tests.bot.updates import MARK, odd_updates

BATCHES = int(os.environ.get("FUZZ_BATCHES", "6"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "updates"
# More than one, so that not all of it is over a person's limit.
CROWD = tuple(range(3001, 3021))
# They take turns, because batches go by faster than one person may send photos.
OTHERS = tuple(range(4001, 4009))
ANSWERED_SECONDS = 20.0
GROWTH_BYTES = 30 * 2**20
# The sandbox is in the same process and keeps what was said in a batch.
SANDBOX_BYTES = 2**16


class BlurredPool(IdlePool):
    """Finds every photo blurred."""

    async def read(self, data: bytes, language: str) -> AnnotatedAnalysis:
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)


async def somebody_else_is_answered(stage: Stage, turn: int) -> None:
    user = OTHERS[turn % len(OTHERS)]
    [photo] = await stage.people.send_photos(user, [sample("mole")], None)

    def answers() -> list[int]:
        return [
            each.message_id
            for each in stage.heard(user)
            if each.reply_to_message is not None and each.reply_to_message.message_id == photo.message_id
        ]

    await stage.until(lambda: answers() or None, ANSWERED_SECONDS)
    await stage.until(lambda: stage.sandbox.world.updates.pending == 0)
    assert len(answers()) == 1


def telling(records: Sequence[logging.LogRecord]) -> list[str]:
    """What the log should not say: something that a person wrote, or that an error was not handled."""
    return [said for each in records if MARK in (said := each.getMessage()) or each.exc_info]


def batches(number: int) -> list[list[dict[str, Any]]]:
    """The batches of a run: the same for the same number."""
    drawn: list[list[dict[str, Any]]] = []

    @seed(number)
    @settings(
        max_examples=BATCHES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(odd_updates(CROWD))
    def draw(batch: list[dict[str, Any]]) -> None:
        drawn.append(batch)

    draw()
    return drawn


@pytest.mark.parametrize("from_seed", [SEED])
async def test_updates_of_every_shape_cost_nobody_else_anything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, from_seed: int
) -> None:
    caplog.set_level(logging.DEBUG)
    # What the database driver says of each statement would fill the memory that is measured.
    for driver in ("asyncio", "aiosqlite"):
        caplog.set_level(logging.WARNING, driver)
    async with open_stage(tmp_path, Engine(BlurredPool())) as stage:
        await stage.audience(*OTHERS, *CROWD)
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for turn, batch in enumerate(batches(from_seed)):
                for update in batch:
                    stage.sandbox.world.updates.push_raw(update)
                await somebody_else_is_answered(stage, turn)
                assert not telling(caplog.records)
                caplog.clear()
            grown = tracemalloc.get_traced_memory()[0] - before
            assert grown < GROWTH_BYTES + BATCHES * SANDBOX_BYTES
        finally:
            tracemalloc.stop()
        for user in CROWD:
            answered = [each.reply_to_message.message_id for each in stage.heard(user) if each.reply_to_message]
            assert len(answered) == len(set(answered))


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside this checkout")
async def test_every_shared_case_is_passed_over(tmp_path: Path) -> None:
    async with open_stage(tmp_path, Engine(BlurredPool())) as stage:
        await stage.audience(*OTHERS)
        for turn, case in enumerate(sorted(CASES.glob("*.json"))):
            stage.sandbox.world.updates.push_raw(json.loads(case.read_text(encoding="utf-8")))
            await somebody_else_is_answered(stage, turn)


def test_a_batch_holds_what_aiogram_can_parse_and_what_it_cannot() -> None:
    parsed = []
    for update in [each for batch in batches(SEED) for each in batch]:
        try:
            Update.model_validate({**update, "update_id": 1})
        except ValueError:
            parsed.append(False)
        else:
            parsed.append(True)
    assert {True, False} == set(parsed)
