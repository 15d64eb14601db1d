"""python -m benchmarks: measure the speed of serving (`speed`), or compare it with the torch networks (`parity`)."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, track

from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import DEFAULT_WEIGHTS, Registry
from models.data.ham10000 import load

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 1 if the answers differ in `parity`, else 0."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    speed = commands.add_parser("speed", help="the plain way and ours, side by side; writes docs/benchmark.md")
    speed.add_argument("--data", type=Path, help="HAM10000, for photos of val (default: drawn pictures)")
    speed.add_argument("--photos", type=int, default=20, help="photos in each round (default: 20)")
    speed.add_argument("--rounds", type=int, default=6, help="how often the ways take turns (default: 6)")
    speed.add_argument(
        "--memory",
        type=int,
        nargs="+",
        default=[10, 1_000, 10_000],
        help="numbers of photos to measure memory after",
    )
    speed.add_argument("--starts", type=int, default=5, help="cold starts (default: 5)")
    speed.add_argument("--out", type=Path, default=DOCS, help="folder of the report (default: docs)")
    speed.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    speed.set_defaults(run=_speed)
    ways = commands.add_parser("ways", help="ways to be faster, each measured alone, as Markdown tables")
    ways.add_argument("--data", type=Path, help="HAM10000, to judge integers (default: only times)")
    ways.add_argument("--limit", type=int, help="only so many photos of val")
    ways.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    ways.set_defaults(run=_ways)
    parity = commands.add_parser("parity", help="compare every answer with the torch networks'")
    parity.add_argument("--data", type=Path, required=True)
    parity.add_argument("--split", choices=("val", "test"), default="val", help="test: once a release")
    parity.add_argument("--limit", type=int, help="only so many photos")
    parity.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    parity.set_defaults(run=_parity)
    return parser


def _speed(options: argparse.Namespace) -> int:
    from benchmarks.comparison import compare  # imports torch and ultralytics, which nothing else here needs
    from benchmarks.photos import photos
    from benchmarks.report import write

    given = photos(options.data, options.photos * options.rounds)
    what = f"{len(given)} photos, {'of val' if options.data else 'drawn'}, in {options.rounds} rounds"
    with Progress(console=Console(stderr=True)) as shown:
        found = asyncio.run(
            compare(options.weights, given, what, options.rounds, options.starts, options.memory, shown)
        )
    print(write(found, options.out).read_text(encoding="utf-8"))
    return 0


def _ways(options: argparse.Namespace) -> int:
    from benchmarks.ways import tables

    for line in tables(options.weights, options.data, options.limit):
        print(line, flush=True)
    return 0


def _parity(options: argparse.Namespace) -> int:
    from benchmarks.reference import Parity, reference_analyzer

    lesions = load(options.data, options.split, options.limit)
    served, reference = Analyzer.load(Registry.load(options.weights)), reference_analyzer(options.weights)
    parity = Parity()
    for name, image in track(list(zip(lesions.ids, lesions.images, strict=True)), console=Console(stderr=True)):
        parity.compare(name, served.analyze(Photo(image)), reference.analyze(Photo(image)))
    print(parity)
    return int(not parity.holds)


if __name__ == "__main__":
    raise SystemExit(main())
