"""engine: photos are read in a process of their own; the loop stays free, a death costs one photo at most."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from io import BytesIO
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from inference.analysis import Refusal
from inference.drawing.words import CaptionOptions
from inference.engine import tasks
from inference.engine.engine import AnalysisFailed, Busy, Engine, ServedModel
from inference.engine.pool import WorkerPool
from inference.photo import PhotoError, PhotoFault
from inference.registry.registry import RegistryError
from tests.inference.pictures import encoded, skin
from tests.inference.releases import CLASSIFIER_FILE, accept

ROOT = Path(__file__).resolve().parents[3]


async def read(engine: Engine, data: bytes, owner: str = "somebody", language: str = "en") -> tasks.AnnotatedAnalysis:
    with engine.queue(owner) as [place]:
        return await place.read(fetching(data), CaptionOptions(language))


async def explain(engine: Engine, data: bytes) -> tasks.Explanation:
    with engine.queue("somebody") as [place]:
        return await place.explain(fetching(data))


def fetching(data: bytes) -> Callable[[], Awaitable[bytes]]:
    async def fetch() -> bytes:
        return data

    return fetch


@pytest.fixture(scope="module")
def photo() -> bytes:
    return encoded(skin(400, 300))


@pytest.mark.alone  # for the sake of `keeps_the_loop_free`
async def test_the_engine_from_start_to_stop(weights: Path, photo: bytes) -> None:
    # One process serves the whole list of expectations: starting it is what takes the time.
    engine = Engine(WorkerPool(weights), queue_limit=3)
    assert engine.models == () and not engine.ready
    with pytest.raises(AnalysisFailed, match="not running"):
        await read(engine, photo)
    await engine.start()
    try:
        assert engine.ready
        metrics = {"val": {"accuracy": (0.5, 0.4, 0.6)}}
        assert engine.models == (
            ServedModel("classifier", "fixcaps", "0.0.1", metrics, "none"),
            ServedModel("segmenter", "yolov8n-seg", "0.0.1", metrics, "none"),
            ServedModel("gate", "gate", "0.0.1", metrics, "none"),
        )
        await answers_with_a_drawing(engine, photo)
        await explains_with_a_drawing_and_measures(engine, photo)
        await examines_with_pictures_of_one_size_and_follows_with_marks(engine, photo)
        await refuses_and_raises_what_the_pipeline_does(engine)
        await keeps_the_loop_free(engine)
        await turns_away_what_exceeds_the_queue(engine, photo)
        await replaces_a_worker_that_was_killed(engine, photo)
        await tells_those_who_wait_when_it_stops(engine, photo)
    finally:
        await engine.stop()
    assert active_children() == [] and not engine.ready
    with pytest.raises(AnalysisFailed, match="not running"):
        await read(engine, photo)


async def answers_with_a_drawing(engine: Engine, photo: bytes) -> None:
    english, russian = [await read(engine, photo, language=language) for language in ("en", "ru")]
    assert english.analysis.label is not None
    assert english.analysis.probabilities == russian.analysis.probabilities
    assert english.annotated is not None and russian.annotated is not None
    assert english.annotated != russian.annotated
    drawn = Image.open(BytesIO(english.annotated))
    assert drawn.format == "JPEG" and drawn.width == 400
    assert not drawn.getexif()
    assert get_sampling(drawn) == 0


async def explains_with_a_drawing_and_measures(engine: Engine, photo: bytes) -> None:
    answer, explanation = await read(engine, photo), await explain(engine, photo)
    assert explanation.analysis.probabilities == answer.analysis.probabilities
    assert explanation.drawing is not None and explanation.drawing != answer.annotated
    assert Image.open(BytesIO(explanation.drawing)).width == 400
    assert explanation.measures is not None and 0 < explanation.measures.diameter <= 1
    refused = await explain(engine, encoded(skin(8, 8)))
    assert (refused.analysis.refusal, refused.drawing, refused.measures) == (Refusal.TOO_SMALL, None, None)
    with pytest.raises(PhotoError):
        await explain(engine, b"text")


async def examines_with_pictures_of_one_size_and_follows_with_marks(engine: Engine, photo: bytes) -> None:
    answer = await read(engine, photo)
    with engine.queue("somebody", 2) as [first, second]:
        examined, followed = await first.examine(fetching(photo)), await second.follow(fetching(photo))
    assert examined.analysis.probabilities == answer.analysis.probabilities
    pictures = examined.photo, examined.outlined, examined.glowing
    assert len(set(pictures)) == 3
    assert {Image.open(BytesIO(each)).size for each in pictures if each is not None} == {(400, 300)}
    assert examined.measures == followed.measures is not None
    assert examined.marks is None and followed.marks is not None
    assert followed.marks.asymmetry.value == pytest.approx(followed.measures.asymmetry, abs=0.05)
    with engine.queue("somebody") as [place]:
        refused = await place.follow(fetching(encoded(skin(8, 8))))
    assert (refused.analysis.refusal, refused.outlined, refused.marks) == (Refusal.TOO_SMALL, None, None)


async def refuses_and_raises_what_the_pipeline_does(engine: Engine) -> None:
    small = await read(engine, encoded(skin(8, 8)))
    assert small.analysis.refusal is Refusal.TOO_SMALL
    assert small.annotated is None
    for data, fault in ((b"", PhotoFault.EMPTY), (b"text", PhotoFault.NOT_AN_IMAGE)):
        with pytest.raises(PhotoError) as caught:
            await read(engine, data)
        assert caught.value.fault is fault


async def keeps_the_loop_free(engine: Engine) -> None:
    large = encoded(np.ascontiguousarray(np.tile(skin(1000, 750), (4, 4, 1))))
    reading = asyncio.ensure_future(read(engine, large))
    longest, last = 0.0, time.perf_counter()
    while not reading.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert (await reading).analysis.quality.width == 4000
    assert longest < 0.2


async def turns_away_what_exceeds_the_queue(engine: Engine, photo: bytes) -> None:
    reads = [asyncio.ensure_future(read(engine, photo)) for _ in range(5)]
    results = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(result) for result in results] == [tasks.AnnotatedAnalysis] * 3 + [Busy] * 2
    # Places are given back, by those who gave up waiting too.
    waiting = [asyncio.ensure_future(read(engine, photo)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[2].cancel()
    await asyncio.gather(waiting[2], return_exceptions=True)
    assert (await read(engine, photo)).annotated
    await asyncio.gather(*waiting[:2])


async def replaces_a_worker_that_was_killed(engine: Engine, photo: bytes) -> None:
    (process,) = active_children()
    process.kill()
    async with asyncio.timeout(10):
        # Nobody has to send a photo for it.
        while not {child.pid for child in active_children()} - {process.pid}:
            await asyncio.to_thread(process.join, 0.1)
        assert (await read(engine, photo)).annotated


async def tells_those_who_wait_when_it_stops(engine: Engine, photo: bytes) -> None:
    waiting = [asyncio.ensure_future(read(engine, photo)) for _ in range(3)]
    await asyncio.sleep(0)
    await engine.stop()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, tasks.AnnotatedAnalysis | AnalysisFailed) for result in results)
    assert isinstance(results[-1], AnalysisFailed)


async def test_damaged_weights_stop_the_start(own_weights: Path) -> None:
    (own_weights / CLASSIFIER_FILE).write_bytes(b"other")
    with pytest.raises(RegistryError, match=CLASSIFIER_FILE):
        await Engine(WorkerPool(own_weights)).start()
    # This one is found by the worker alone: the file is whole, but it is no network.
    accept(own_weights, CLASSIFIER_FILE)
    with pytest.raises(RegistryError, match=f"{CLASSIFIER_FILE} is no ONNX network"):
        await Engine(WorkerPool(own_weights)).start()
    assert active_children() == []


def test_the_bots_process_needs_no_torch() -> None:
    program = "import sys, inference.engine.engine; assert not {'torch', 'ultralytics', 'cv2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True, timeout=60)


ORPHANING = """
import asyncio, sys
from multiprocessing import active_children
from pathlib import Path
from inference.engine.engine import Engine
from inference.engine.pool import WorkerPool

async def main():
    engine = Engine(WorkerPool(Path(sys.argv[1])))
    await engine.start()
    print(active_children()[0].pid, flush=True)
    await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_worker_does_not_outlive_a_killed_parent(weights: Path, tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(ORPHANING)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, program, weights], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        orphan.wait(timeout=20)
