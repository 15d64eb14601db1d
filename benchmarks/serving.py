"""Measures serving: one photo at a time, many waiting photos, the start, the memory, and the time of each step."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import psutil

from inference.drawing.annotate import annotate, jpeg
from inference.engine.engine import Engine
from inference.photo import decode
from inference.pipeline.analyzer import Analyzer

STEPS: Final = ("decode", "quality", "gate", "segment", "classify", "draw", "encode")

COLD: Final = """
import asyncio, sys
from pathlib import Path
from inference.engine.engine import Engine
from inference.engine.pool import WorkerPool

async def main():
    engine = Engine(WorkerPool(Path(sys.argv[1])))
    await engine.start()
    with engine.queue("anybody") as [place]:
        async def photo():
            return Path(sys.argv[2]).read_bytes()
        assert (await place.read(photo)).analysis.models
    print("answered", flush=True)
    await engine.stop()

if __name__ == "__main__":
    asyncio.run(main())
"""


def steps(analyzer: Analyzer, data: bytes) -> Mapping[str, float]:
    """Step of `STEPS` -> milliseconds, for one photo from its bytes to an annotated JPEG, in this process."""
    photo = decode(data)
    analysis = analyzer.analyze(photo)
    taken = {step: analysis.timings[step] for step in STEPS if step in analysis.timings}
    marks = [perf_counter()]
    drawing = None if analysis.refusal else annotate(photo, analysis)
    marks.append(perf_counter())
    if drawing is not None:
        jpeg(drawing)
    marks.append(perf_counter())
    return taken | {"draw": (marks[1] - marks[0]) * 1000, "encode": (marks[2] - marks[1]) * 1000}


async def one_at_a_time(engine: Engine, photos: Sequence[bytes]) -> list[float]:
    """Milliseconds from the bytes of each photo to its answer."""
    taken = []
    for data in photos:
        began = perf_counter()
        await many_waiting(engine, [data])
        taken.append((perf_counter() - began) * 1000)
    return taken


async def many_waiting(engine: Engine, photos: Sequence[bytes]) -> float:
    """Photos a second if all are sent at once."""

    async def fetched(data: bytes) -> bytes:
        return data

    began = perf_counter()
    with engine.queue("anybody", len(photos)) as places:
        asked = zip(places, photos, strict=True)
        await asyncio.gather(*(place.read(partial(fetched, data)) for place, data in asked))
    return len(photos) / (perf_counter() - began)


def cold_start(weights: Path, photo: Path) -> float:
    """Seconds from starting a process to the first answer of its engine."""
    program = photo.with_name("cold.py")
    program.write_text(COLD, encoding="utf-8")
    root = str(Path(__file__).resolve().parents[1])
    began = perf_counter()
    command = [sys.executable, str(program), str(weights), str(photo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env={"PYTHONPATH": root}) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        taken = perf_counter() - began
    if said.strip() != "answered":
        raise RuntimeError("the engine did not answer")
    return taken


def memory() -> float:
    """Resident memory in MB of the largest worker process."""
    workers = [
        child for child in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(child.cmdline())
    ]
    return float(max(child.memory_info().rss for child in workers)) / 2**20
