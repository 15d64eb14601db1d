"""`python -m benchmarks.load burst`, `soak`, `announcing` and `kills`."""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.load import announcing, burst, kills, soak


def main() -> int:
    """Exit status: 0 if every photo was answered once (and, in a soak, no process grew), else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name, help_ in (
        ("burst", "everybody at once"),
        ("soak", "steadily, for a long time, through faults"),
        ("announcing", "an announcement to very many, through faults and kills"),
        ("kills", "steadily, while replicas, workers and PostgreSQL are killed"),
    ):
        kind = kinds.add_parser(name, help=help_)
        kind.add_argument("--data", type=Path, help="folder of .jpg photos; drawn pictures without it")
        kind.add_argument("--seed", type=int, default=1, help="of who sends what")
        if name != "kills":
            kind.add_argument("--workers", type=int, help="WORKERS of the bot; its own default without it")
    kinds.choices["burst"].add_argument("--users", type=int, default=200, help="how many send at once")
    kinds.choices["burst"].add_argument("--albums", type=int, default=20, help="how many of them send ten photos")
    kinds.choices["soak"].add_argument("--minutes", type=float, default=60.0)
    kinds.choices["soak"].add_argument("--rate", type=float, default=0.5, help="messages with photos a second")
    kinds.choices["announcing"].add_argument("--recipients", type=int, default=100_000)
    kinds.choices["announcing"].add_argument("--photo-pause", type=float, default=10.0, help="seconds between photos")
    kinds.choices["kills"].add_argument("--times", type=int, default=20, help="how often each is killed")
    kinds.choices["kills"].add_argument("--rate", type=float, default=0.5, help="messages with photos a second")
    asked = parser.parse_args()
    workers = getattr(asked, "workers", None)
    settings = {} if workers is None else {"WORKERS": str(workers)}
    if asked.kind == "burst":
        run = burst.run(asked.users, asked.albums, asked.data, asked.seed, settings)
    elif asked.kind == "kills":
        run = kills.run(asked.times, asked.rate, asked.data, asked.seed)
    elif asked.kind == "announcing":
        run = announcing.run(asked.recipients, asked.photo_pause, asked.data, asked.seed, settings)
    else:
        run = soak.run(asked.minutes, asked.rate, asked.data, asked.seed, settings)
    return 0 if asyncio.run(run) else 1


if __name__ == "__main__":
    sys.exit(main())
