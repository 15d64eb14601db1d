"""Ways to be faster, each measured alone: runtimes, threads, batches, large kernels, integers."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from benchmarks import integers, kernels
from inference.cores import cores
from inference.registry.file import RegistryFile
from inference.registry.tensors import ATTRIBUTION, EXPLAIN, SQUARES
from models.networks import zoo
from models.networks.segmenter import load_segmenter

ROUNDS: Final = 25
_BRANCH: Final = ("If", ATTRIBUTION)
Feed = dict[str, NDArray[Any]]


def side_by_side(ways: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median milliseconds of each way. The ways take turns."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 3):
        for name, way in ways.items():
            began = perf_counter()
            way()
            if number >= 3:
                taken[name].append((perf_counter() - began) * 1000)
    return {name: median(values) for name, values in taken.items()}


def networks(release: RegistryFile) -> dict[str, tuple[int, int]]:
    """Served file of each network -> width and height of its input."""
    segmenter = release.served_segmenter
    squares = {member.served.file: member.input.size for member in release.served_classifier.members}
    return {name: (size, size) for name, size in squares.items()} | {segmenter.served.file: segmenter.input.frame}


def feed(session: onnxruntime.InferenceSession, frame: tuple[int, int], photos: int = 1) -> Feed:
    """Random pictures as the input of a session."""
    squares = np.random.default_rng(0).integers(0, 256, (photos, frame[1], frame[0], 3), np.uint8)
    asked = {value.name for value in session.get_inputs()}
    return {SQUARES: squares, **({EXPLAIN: np.array(False)} if EXPLAIN in asked else {})}


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session with the same options as in serving."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def runtimes(weights: Path, release: RegistryFile, threads: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Milliseconds of each network for one photo, by runtime and arithmetic."""
    torch.set_num_threads(threads)
    references = _references(weights, release)
    for name, frame in networks(release).items():
        served = session(weights / name, threads)
        given = feed(served, frame)
        ways: dict[str, Callable[[], Any]] = {"ONNX Runtime": partial(served.run, None, given)}
        if name in references:
            ways["torch"] = partial(_torch, references[name], torch.zeros(1, 3, frame[1], frame[0]))
        if find_spec("openvino"):
            for kind in ("f32", "bf16"):
                ways[f"OpenVINO {kind}"] = _openvino(weights / name, given, kind, threads)
        yield name, side_by_side(ways)


def batches(weights: Path, release: RegistryFile, threads: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Milliseconds for a photo for each network, by the number of photos in a batch."""
    for name, frame in networks(release).items():
        served = session(weights / name, threads)
        sizes = (1, 2, 4, 8)
        ways = {str(size): partial(served.run, None, feed(served, frame, size)) for size in sizes}
        yield name, {size: taken / int(size) for size, taken in side_by_side(ways).items()}


def large_kernels() -> Iterator[tuple[str, dict[str, float]]]:
    """Milliseconds of FixCaps' first layer for each way to compute it, and the largest relative difference of
    results."""
    for kernel, side in ((31, 299), (18, 128)):
        photo, ways = kernels.ways(kernel, side)
        with torch.inference_mode():
            results = [way(photo) for way in ways.values()]
            apart = max(float((result - results[0]).abs().max()) for result in results)
            apart /= float(results[0].abs().max())
            taken = side_by_side({name: partial(way, photo) for name, way in ways.items()})
        yield f"{kernel} x {kernel} at {side} px", taken | {"apart": apart}


def tables(weights: Path, root: Path | None, limit: int | None) -> Iterator[str]:
    """All tables as lines of Markdown, as they are measured; without a data folder only times."""
    release = RegistryFile.load(weights)
    for title, measured in (
        ("Runtimes, all cores, ms a photo", runtimes(weights, release, cores())),
        ("Runtimes, one core, ms a photo", runtimes(weights, release, 1)),
        ("Photos at a time, all cores, ms a photo", batches(weights, release, cores())),
        ("Photos at a time, one core, ms a photo", batches(weights, release, 1)),
        ("FixCaps' first layer, all cores, ms", large_kernels()),
    ):
        yield from _table(title, measured)
    if root is not None:
        yield from _table("Networks in 8-bit integers", integers.trials(weights, release, root, limit))


def _table(title: str, measured: Iterator[tuple[str, dict[str, float]]]) -> Iterator[str]:
    yield f"\n{title}\n"
    rows = list(measured)
    columns = list(dict.fromkeys(column for _, figures in rows for column in figures))
    yield f"| | {' | '.join(columns)} |"
    yield "|---|" + "---|" * len(columns)
    for name, figures in rows:
        yield f"| {name} | " + " | ".join(f"{figures[each]:.4g}" if each in figures else "" for each in columns) + " |"


def _references(weights: Path, release: RegistryFile) -> dict[str, Any]:
    segmenter = release.served_segmenter
    found: dict[str, Any] = {segmenter.served.file: load_segmenter(weights / segmenter.served.file, segmenter.network)}
    for each in release.served_classifier.members:
        found[each.served.file] = zoo.load(weights / each.served.file, each.network, each.input.size, each.kernel)
    return found


def _torch(network: Any, images: torch.Tensor) -> None:
    with torch.inference_mode():
        network(images)


def _openvino(path: Path, given: Feed, kind: str, threads: int) -> Callable[[], Any]:
    openvino: Any = import_module("openvino")  # optional: only for comparison, left out if it is not installed
    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": kind, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(core.read_model(_without_attribution(path)), "CPU", settings)
    request = compiled.create_infer_request()
    return partial(request.infer, {SQUARES: given[SQUARES]})


def _without_attribution(path: Path) -> bytes:
    """A file's content without the attribution branch, which OpenVINO cannot compile."""
    model = onnx.load(path)
    graph = model.graph
    for parts in (graph.node, graph.input, graph.output):
        kept = [part for part in parts if part.name != EXPLAIN and getattr(part, "op_type", part.name) not in _BRANCH]
        del parts[:]
        parts.extend(kept)
    return bytes(model.SerializeToString())
