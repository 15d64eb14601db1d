"""`python -m benchmarks.scaling`: photos a second against workers. Writes plot and tables of docs/scaling.md.

PostgreSQL, queue, pool and worker processes are real. With the released networks the workers share this machine's
cores. With a sleep of a photo's measured time in their place, each stands for a machine of its own.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from benchmarks.load.processes import ROOT
from benchmarks.load.servers import Server, running_server
from benchmarks.scaling.measuring import Point, alone, asking, kept_answer, point, sizes, workers
from benchmarks.scaling.paper import Measured
from benchmarks.scaling.report import write
from bot.samples import sample

MOST_WORKERS = 4
REAL_WORKERS = (1, 2)
NETWORKS = ("-m", "bot.workers")


def main() -> int:
    """Exit status 0, or 1 where PostgreSQL is not installed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--photo", type=Path, help="photo to read (default: a drawn one)")
    parser.add_argument("--seconds", type=float, default=15.0, help="for each number of workers")
    parser.add_argument("--beside", default="nothing else ran", help="what else used the machine")
    parser.add_argument("--price", type=float, help="of a core for an hour, in any currency")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the page")
    options = parser.parse_args()
    photo = options.photo.read_bytes() if options.photo else sample("mole")
    with running_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        if server is None:
            print("PostgreSQL is not installed: apt-get install postgresql")
            return 1
        measured = asyncio.run(measure(server, photo, options.seconds, Path(folder)))
    write(measured, options.out, options.beside, options.price)
    return 0


async def measure(server: Server, photo: bytes, seconds: float, folder: Path) -> Measured:
    """Everything in one run, so that the sleep is as long as a photo took a moment before."""
    once = await alone(photo, max(5, round(2 * seconds)))
    print(f"a photo alone: {1000 * once.seconds:.0f} ms", flush=True)
    sleeping = ("-m", "benchmarks.scaling.sleeper", str(once.seconds), str(kept_answer(once.answer, folder / "answer")))
    points = [await _point(server, photo, seconds, folder, number, NETWORKS, modelled=False) for number in REAL_WORKERS]
    for number in range(1, MOST_WORKERS + 1):
        points.append(await _point(server, photo, seconds, folder, number, sleeping, modelled=True))
    kept = await sizes(photo, once.answer, server.new_database(), Fernet.generate_key())
    return Measured(once, tuple(points), kept)


async def _point(
    server: Server, photo: bytes, seconds: float, folder: Path, number: int, command: tuple[str, ...], *, modelled: bool
) -> Point:
    url = server.new_database().render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "DATA_KEY": Fernet.generate_key().decode()}
    with workers(number, settings, folder, *command) as processes:
        async with asking(settings, number) as pool:
            found = await point(pool, photo, seconds, server, processes, modelled=modelled)
    kind = "a sleep" if modelled else "the networks"
    print(f"{number} workers, {kind}: {found.rate:.2f} photos a second", flush=True)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
