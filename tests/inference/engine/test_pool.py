"""pool: a photo that brings its worker down or holds it up costs no other photo its answer."""

import asyncio
from pathlib import Path

import pytest

from inference.drawing.words import CaptionOptions
from inference.engine.pool import AnalysisFailed, WorkerPool
from inference.engine.tasks import AnnotatedAnalysis
from tests.inference.engine.bad_tasks import DEADLY, fail, hang_once, read_or_die
from tests.inference.pictures import encoded, skin


async def test_a_photo_that_kills_or_holds_up_its_worker_harms_no_other(
    weights: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pool, photo = WorkerPool(weights, photo_seconds=5), encoded(skin(400, 300))
    await pool.start()
    try:
        reads = [pool.run(read_or_die, data, CaptionOptions()) for data in (photo, DEADLY, photo, photo)]
        before, deadly, behind, last = await asyncio.gather(*reads, return_exceptions=True)
        assert isinstance(deadly, AnalysisFailed) and "lost 2 times" in str(deadly)
        assert all(isinstance(reading, AnnotatedAnalysis) for reading in (before, behind, last))
        (tmp_path / "marker").touch()
        # It would take as long again: there is no second attempt, which would be answered.
        with pytest.raises(AnalysisFailed, match="was ended after 5 s"):
            await pool.run(hang_once, bytes(tmp_path / "marker"), CaptionOptions())
        assert not (tmp_path / "marker").exists()
        with pytest.raises(AnalysisFailed, match="the analysis failed"):
            await pool.run(fail, photo, CaptionOptions())
        # Photos and what is in them never reach a log.
        assert DEADLY.decode() not in caplog.text
    finally:
        await pool.stop()
