"""Workers, replicas of the bot and PostgreSQL are killed in random order, again and again, while people send photos."""

import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession, TCPConnector

from benchmarks.load import report
from benchmarks.load.chats import Chats, Sent, is_offer
from benchmarks.load.cluster import Cluster, cluster
from benchmarks.load.crowd import Crowd, pictures
from benchmarks.load.processes import ROOT, sandbox_process
from benchmarks.load.servers import running_server
from bot.sandbox.client import Person

PAGE = ROOT / "docs" / "scaling.md"
# The queue of the workers is in PostgreSQL, so who kills the broker kills the database.
TARGETS = ("a worker", "the broker", "a replica", "PostgreSQL")
PEOPLE = 20
ALBUMS = 0.1
PAUSE_SECONDS = (8.0, 20.0)
TAKEN_OVER_SECONDS = 120.0
TIMEOUT_SECONDS = 600.0


@dataclass
class Outcome:
    """What came of it. `takeovers`: seconds from the kill of the active replica until another one was active."""

    sent: Sequence[Sent]
    kills: int
    unanswered: int
    takeovers: list[float] = field(default_factory=list)
    given_up: int = 0

    @property
    def lost(self) -> int:
        """Photos and albums that were never answered."""
        return report.faults(self.sent)[0]

    @property
    def doubled(self) -> int:
        """Photos and albums of which a picture or, but for the pieces of an album, an answer came twice."""
        return sum(_pictures(each) > each.photos or (each.photos == 1 and each.answers > 1) for each in self.sent)

    @property
    def in_pieces(self) -> int:
        """Albums that were answered in more than one piece, each photo once."""
        return sum(each.photos > 1 and each.answers > 1 and _pictures(each) <= each.photos for each in self.sent)

    @property
    def offered(self) -> int:
        """Photos and albums whose answer was offered by a button, because a kill came while it was sent."""
        return sum(any(map(is_offer, each.replies)) for each in self.sent)

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled or unanswered."""
        return self.lost == self.doubled == self.unanswered == 0


def _pictures(sent: Sent) -> int:
    return sum("photo" in each for each in sent.replies)


async def run(times: int, rate: float, data: Path | None, seed: int) -> bool:
    """Kill each of the targets so many times, print and publish. True if nothing was lost or doubled.

    Args:
        times: how often each is killed.
        rate: messages with photos a second; one in ten is an album of two to ten.
        data: folder of photos; None for drawn ones.
        seed: of the order and of who sends what.
    """
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    print(f"the logs are in {folder}", file=sys.stderr)
    outcome = await kill_all(times, rate, pictures(data), seed, folder)
    report.print_doubled(outcome.sent)
    takeovers = report.spread(outcome.takeovers)
    rows = [
        ("kills", f"{outcome.kills}: each of {', '.join(TARGETS)}, {times} times"),
        *report.of_photos(outcome.sent)[:-1],
        ("lost / doubled", f"{outcome.lost} / {outcome.doubled}"),
        ("albums answered in two pieces, each photo once", str(outcome.in_pieces)),
        ("answers offered by a button, because a kill came while they were sent", str(outcome.offered)),
        ("commands not answered within a minute", str(outcome.unanswered)),
        ("from the kill of the active replica to the next, p50 / p95 / p99 / longest", takeovers),
        ("processes that ended by themselves and were started again", str(outcome.given_up)),
        ("verdict", "nothing lost, nothing answered twice" if outcome.is_good else "FAILED"),
    ]
    report.publish("kills", f"Two replicas, two workers, PostgreSQL, in random order (seed {seed})", rows, PAGE)
    if outcome.is_good and not outcome.given_up:
        shutil.rmtree(folder)
    else:
        print(f"every process's log is kept in {folder}", file=sys.stderr)
    return outcome.is_good


async def kill_all(times: int, rate: float, photos: Sequence[bytes], seed: int, folder: Path) -> Outcome:
    """The kills, and what became of all photos that were sent meanwhile."""
    chance = random.Random(seed)
    order = list(TARGETS) * times
    chance.shuffle(order)
    with sandbox_process() as url, running_server() as server:
        if server is None:
            raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
        with cluster(url, server, folder, workers=2) as running:
            async with ClientSession(connector=TCPConnector(limit=0)) as http, asyncio.TaskGroup() as group:
                chats = Chats(http, url)
                following = group.create_task(chats.follow())
                await chats.ready.wait()
                running.start()
                await running.until_ready(http, len(running.bots))
                crowd = Crowd(http, url, chats, photos, seed)
                people, [asker] = await crowd.gather(PEOPLE), await crowd.gather(1)
                outcome = Outcome(chats.sent, len(order), 0)
                asking = group.create_task(crowd.keep_asking(asker))
                sending = group.create_task(_keep_sending(crowd, people, rate))
                for number, target in enumerate(order, 1):
                    await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
                    await _kill(target, running, http, chance, outcome)
                    _tell(f"{number} of {len(order)}: {target}", chats)
                    outcome.given_up += _given_up(running)
                    running.start()
                sending.cancel()
                asking.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                await chats.answered(chats.sent, TIMEOUT_SECONDS)
                # Doubled answers would arrive now.
                await asyncio.sleep(5)
                outcome.unanswered = crowd.unanswered
                following.cancel()
    return outcome


async def _kill(target: str, running: Cluster, http: ClientSession, chance: random.Random, outcome: Outcome) -> None:
    if target == "a worker":
        worker = chance.choice(running.workers)
        worker.kill()
        worker.start()
    elif target == "a replica":
        replica = chance.choice(running.bots)
        was_active = replica in await running.active(http)
        replica.kill()
        began = time.monotonic()
        if was_active:
            async with asyncio.timeout(TAKEN_OVER_SECONDS):
                await running.until_ready(http, 1)
            outcome.takeovers.append(time.monotonic() - began)
        replica.start()
    else:
        await asyncio.to_thread(running.server.stop)
        await asyncio.to_thread(running.server.start)


def _given_up(running: Cluster) -> int:
    """How many processes have ended by themselves; what each said last is printed."""
    ended = [each for each in (*running.bots, *running.workers) if each.process is not None and not each.runs]
    for each in ended:
        status = each.process.returncode if each.process is not None else None
        last = each.log.read_text(encoding="utf-8").rstrip().rpartition("\n")[2]
        print(f"{each.folder.name} ended by itself ({status}): {last}", file=sys.stderr)
    return len(ended)


async def _keep_sending(crowd: Crowd, people: Sequence[Person], rate: float) -> None:
    """Send until cancelled; what is being sent then is sent to its end."""
    sending: set[asyncio.Task[Sent]] = set()
    try:
        while True:
            photos = crowd.album_size() if crowd.chance(ALBUMS) else 1
            task = asyncio.create_task(crowd.send(crowd.somebody(people), photos))
            sending.add(task)
            task.add_done_callback(sending.discard)
            await asyncio.sleep(crowd.pause(1 / rate))
    finally:
        await asyncio.gather(*sending)


def _tell(what: str, chats: Chats) -> None:
    answered = sum(each.answered_at is not None for each in chats.sent)
    print(f"{time.strftime('%H:%M:%S')} {what}; sent {len(chats.sent)}, answered {answered}", file=sys.stderr)
