"""`python -m benchmarks.history`: how much longer a page of /history takes with 10,000 entries than with 100.

Machines differ, so ratios are printed: each page against the same page of a person with 100 entries, and against a
bare read of one row from the same database. The pages take turns.
"""

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from cryptography.fernet import Fernet

from bot.results import Result, to_stored
from bot.ui.history import PAGE_SIZE, narrowed
from inference.analysis import CLASSES, Risk
from storage.database import Database
from storage.location import url_of
from storage.records import Completion, Outcome, Received

FEW = 100
AT_ONCE = 500
ROUNDS = 15
WARNED_EVERY = 7


def main(arguments: list[str] | None = None) -> int:
    """Print a Markdown table; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000, help="of the person with many (default: 10000)")
    options = parser.parse_args(arguments)
    for line in asyncio.run(table(options.entries)):
        print(line)
    return 0


async def table(entries: int) -> list[str]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(url_of(Path(folder) / "bot.db"), Fernet.generate_key())
        try:
            for user_id, number in ((1, FEW), (2, entries)):
                await fill(database, user_id, number)
            few, many = [await measure(database, user_id) for user_id in (1, 2)]
        finally:
            await database.close()
    lines = [f"| page | {entries:,} entries against {FEW} | against reading one row |", "|---|---|---|"]
    base = few["one row"]
    return lines + [
        f"| {name} | × {many[name] / few[name]:.1f} | × {many[name] / base:.1f} |" for name in few if name != "one row"
    ]


async def fill(database: Database, user_id: int, number: int) -> None:
    """Add answered photos, some with a warning. The first of them belong to a mole."""
    await database.users.seen(user_id, "en")
    for start in range(0, number, AT_ONCE):
        batch = [
            Received(user_id, user_id, message, None, f"file {message}", f"unique {message}", "photo")
            for message in range(start, min(start + AT_ONCE, number))
        ]
        await database.requests.record_all(batch)
        ids = [each.id for each in await database.requests.unfinished()]
        completions = [Completion(each, Outcome.ANSWERED, _result(place), "reply") for place, each in enumerate(ids)]
        await database.requests.complete_all(completions)
    mole = await database.moles.create(user_id, "a mole")
    if mole is None:
        raise LookupError("a new database takes a mole")
    requests, _ = await database.history.page(user_id, 0, 20)
    for each in requests:
        await database.moles.add_photo(mole, each.id, {})


async def measure(database: Database, user_id: int) -> dict[str, float]:
    """Median seconds of each page."""
    user = await database.users.get(user_id)
    if user is None:
        raise LookupError("nobody was filled in")
    _, total = await database.history.page(user_id, 0, 1)
    [mole] = await database.moles.of_user(user_id)
    month = f"{datetime.now(UTC):%Y-%m}"

    def page(number: int, by: str) -> Callable[[], Awaitable[object]]:
        return lambda: database.history.page(user_id, number, PAGE_SIZE, narrowed(by, user))

    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "one row": lambda: database.users.get(user_id),
        "first page": page(0, ""),
        "last page": page((total - 1) // PAGE_SIZE, ""),
        "with a warning": page(0, "warned"),
        "a month": page(0, month),
        "a mole": page(0, f"mole-{mole.id}"),
        "the months": lambda: database.history.times(user_id),
    }
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, ask in asked.items():
            began = perf_counter()
            await ask()
            taken[name].append(perf_counter() - began)
    return {name: statistics.median(each) for name, each in taken.items()}


def _result(place: int) -> dict[str, object]:
    warned = place % WARNED_EVERY == 0
    shares = dict.fromkeys(CLASSES, 0.05) | ({"mel": 0.65} if warned else {"nv": 0.65})
    return to_stored(Result("mel" if warned else "nv", shares, Risk.HIGH if warned else Risk.LOW), None)


if __name__ == "__main__":
    raise SystemExit(main())
