"""Measures the plain way and ours, taking turns in one call."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import torch
from rich.progress import Progress

from benchmarks.floor import matrix_rate, operations, served_operations
from benchmarks.machine import machine
from benchmarks.plain import SIDE, YOLO_SIDE, Plain
from benchmarks.plain import STEPS as PLAIN_STEPS
from benchmarks.results import Results
from benchmarks.serving import STEPS, cold_start, many_waiting, memory, one_at_a_time, steps
from inference.cores import cores
from inference.engine.engine import Engine
from inference.engine.pool import WorkerPool
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import Registry

BURST = 4
"""Number of waiting photos in (c), as a multiple of the photos of a round."""
# All photos are asked for at once, by one owner.
ROOM = {"queue_limit": 10_000, "owner_limit": 10_000}


async def compare(
    weights: Path, photos: list[bytes], what: str, rounds: int, starts: int, sizes: Sequence[int], shown: Progress
) -> Results:
    """Measure all of it.

    Args:
        weights: folder of registry.json.
        photos: for all ways; each round uses other photos.
        what: describes the photos.
        rounds: how often the ways take turns.
        starts: cold starts.
        sizes: numbers of photos after which memory is measured, in ascending order.
        shown: shows the progress.
    """
    torch.set_num_threads(cores())
    task = shown.add_task("rounds", total=rounds)
    plain, analyzer = Plain(weights), Analyzer.load(Registry.load(weights))
    served = [photos[number::rounds] for number in range(rounds)]
    plain_steps: list[Mapping[str, float]] = []
    own_steps: list[Mapping[str, float]] = []
    alone: list[float] = []
    waiting: list[float] = []
    rates: list[float] = []
    engine, engines = Engine(WorkerPool(weights), **ROOM), Engine(WorkerPool(weights, size=cores()), **ROOM)
    await asyncio.gather(engine.start(), engines.start())
    try:
        for each in (engine, engines):
            await many_waiting(each, served[0] * BURST)
        for data in served[0][:3]:
            plain.read(data)
            steps(analyzer, data)
        for some in served:
            rates.append(matrix_rate())
            plain_steps += map(plain.read, some)
            alone += await one_at_a_time(engine, some)
            own_steps += [steps(analyzer, data) for data in some]
            waiting.append(await many_waiting(engines, some * BURST))
            shown.advance(task)
    finally:
        await asyncio.gather(engine.stop(), engines.stop())
    resident = await _memory(weights, photos, sizes, shown)
    return Results(
        machine(),
        what,
        [sum(each.values()) for each in plain_steps],
        alone,
        waiting,
        len(served[0]) * BURST,
        cores(),
        {step: fmean(each[step] for each in own_steps) for step in STEPS},
        {step: fmean(each[step] for each in plain_steps) for step in PLAIN_STEPS},
        _starts(weights, photos[0], starts, shown),
        resident,
        served_operations(weights),
        {
            "FixCaps as published": operations(plain.fixcaps, (SIDE, SIDE)),
            "YOLOv8n-seg at 640 px": operations(plain.segmenter, (YOLO_SIDE, YOLO_SIDE)),
        },
        max(rates),
    )


async def _memory(weights: Path, photos: Sequence[bytes], sizes: Sequence[int], shown: Progress) -> dict[int, float]:
    found: dict[int, float] = {}
    engine, answered = Engine(WorkerPool(weights), **ROOM), 0
    task = shown.add_task("memory", total=sizes[-1])
    await engine.start()
    try:
        for size in sizes:
            while answered < size:
                batch = [photos[(answered + place) % len(photos)] for place in range(min(100, size - answered))]
                await many_waiting(engine, batch)
                answered += len(batch)
                shown.update(task, completed=answered)
            found[size] = memory()
    finally:
        await engine.stop()
    return found


def _starts(weights: Path, photo: bytes, starts: int, shown: Progress) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(photo)
        return [cold_start(weights, path) for _ in shown.track(range(starts), description="starts")]
