"""Pools for the tests that need no networks."""

from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnalysisFailed, AnnotatedAnalysis, Examination, Explanation, ServedModel


class IdlePool:
    """A pool that is never started and analyses nothing."""

    models: tuple[ServedModel, ...] = ()
    size = 1
    ready = False

    def seconds(self, photos: int) -> float:
        return 0.0

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        raise AnalysisFailed("the engine is not running")

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        raise AnalysisFailed("the engine is not running")

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        raise AnalysisFailed("the engine is not running")

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        raise AnalysisFailed("the engine is not running")
