"""Photos are kept for training after the answer, as their owners agreed, and nothing that fails there is noticed."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.learning.keeping import PoolKeeper
from bot.learning.masks import unpack
from bot.sandbox.faults import Fault
from inference.drawing.words import CaptionOptions
from inference.engine.engine import Examination
from storage.records import Purpose
from tests.bot.learning.filling import MUCH
from tests.bot.moles.following import answered, stage_with_moles
from tests.bot.stage import EMMA, IVAN, Stage


@asynccontextmanager
async def keeping(stage: Stage, most_bytes: int = MUCH) -> AsyncIterator[PoolKeeper]:
    """A keeper as after a restart."""
    keeper = PoolKeeper(stage.bot, stage.database, stage.application.engine, most_bytes)
    task = asyncio.create_task(keeper.keep_keeping())
    yield keeper
    task.cancel()
    await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_kept(stage: Stage, *numbers: int) -> None:
    async with asyncio.timeout(60):
        while await stage.database.training_pool.ids() != list(numbers):
            pass


async def test_a_bounded_picture_is_kept_with_the_outlines_in_it(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        await stage.audience(EMMA, IVAN)
        await stage.database.consents.give(EMMA, Purpose.TRAINING)
        await answered(stage, IVAN)
        number = await answered(stage, EMMA)
        async with keeping(stage) as keeper:
            await until_kept(stage, number)
            later = await answered(stage, EMMA)
            keeper.note_answer()
            await until_kept(stage, number, later)
        photo = await stage.database.training_pool.get(number)
        assert photo is not None and photo.picture == pool.found.photo
        [mask] = unpack(photo.outlines)
        assert pool.found.analysis.lesion is not None
        assert np.array_equal(mask, pool.found.analysis.lesion.mask)
        picture = Image.open(io.BytesIO(photo.picture))
        assert picture.format == "JPEG" and max(picture.size) <= 1000 and not picture.getexif()


async def test_what_cannot_be_fetched_is_left_out_and_the_next_is_kept(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await stage.audience(EMMA)
        await stage.database.consents.give(EMMA, Purpose.TRAINING)
        await answered(stage, EMMA)
        second = await answered(stage, EMMA)
        stage.sandbox.world.faults.faults.append(Fault(kind="file_lost", method="download", times=1))
        async with keeping(stage) as keeper:
            await until_kept(stage, second)
            third = await answered(stage, EMMA)
            keeper.note_answer()
            await until_kept(stage, second, third)


async def test_a_photo_that_fails_in_a_new_way_keeps_no_other_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        await stage.audience(EMMA)
        await stage.database.consents.give(EMMA, Purpose.TRAINING)
        failing = await answered(stage, EMMA)
        fine = pool.examine

        async def examine(data: bytes, options: CaptionOptions) -> Examination:
            monkeypatch.setattr(pool, "examine", fine)
            raise ZeroDivisionError

        monkeypatch.setattr(pool, "examine", examine)
        second = await answered(stage, EMMA)
        async with keeping(stage):
            await until_kept(stage, second)
        assert failing < second


async def test_a_withdrawal_while_a_photo_is_read_comes_first(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        await stage.audience(EMMA, IVAN)
        for user in (EMMA, IVAN):
            await stage.database.consents.give(user, Purpose.TRAINING)
        await answered(stage, EMMA)
        pool.go.clear()
        async with keeping(stage) as keeper:
            await until(lambda: stage.application.engine.waiting > 0)
            await stage.database.consents.withdraw(EMMA, Purpose.TRAINING)
            pool.go.set()
            number = await answered(stage, IVAN)
            keeper.note_answer()
            # The first, which was begun before, is done with.
            await until_kept(stage, number)


async def test_a_full_pool_is_said_and_nothing_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        await stage.audience(EMMA)
        await stage.database.consents.give(EMMA, Purpose.TRAINING)
        await answered(stage, EMMA)
        pool.go.clear()
        async with keeping(stage, most_bytes=0):
            await until(lambda: "raise TRAINING_POOL_MB" in caplog.text)
        assert not stage.application.engine.waiting
        assert await stage.database.training_pool.ids() == []
