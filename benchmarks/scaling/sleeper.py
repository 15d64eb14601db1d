"""`python -m benchmarks.scaling.sleeper SECONDS ANSWER`: a worker whose analysis is a sleep.

Everything else is the real worker: it takes photos from the queue, and sends back the answer in the file ANSWER.
"""

import asyncio
import pickle
import sys
from pathlib import Path

from bot.settings import load_settings
from bot.workers.worker import serve
from inference.drawing.words import CaptionOptions
from inference.engine.pool import ServedModel
from inference.engine.tasks import AnnotatedAnalysis, Examination, Explanation


class SleepingPool:
    """Sleeps for a photo's time, and answers every photo alike; see `inference.engine.pool.Pool`."""

    models: tuple[ServedModel, ...] = ()
    size = 1
    ready = True

    def __init__(self, seconds: float, answer: AnnotatedAnalysis) -> None:
        self._seconds = seconds
        self._answer = answer

    def seconds(self, photos: int) -> float:
        return photos * self._seconds

    async def start(self) -> None:
        """See `Pool.start`; nothing has to be started."""

    async def stop(self) -> None:
        """See `Pool.stop`."""

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        await asyncio.sleep(self._seconds)
        return self._answer

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        raise NotImplementedError

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        raise NotImplementedError

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        raise NotImplementedError


def main() -> int:
    """Serve until SIGTERM; exit status 0."""
    seconds, answer = float(sys.argv[1]), pickle.loads(Path(sys.argv[2]).read_bytes())
    asyncio.run(serve(load_settings(), lambda _classifier: SleepingPool(seconds, answer)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
