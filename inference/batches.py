"""Many photo files at once: every core reads, decodes and analyses batches, answers come in the order asked."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from inference.analysis import Analysis
from inference.cores import cores
from inference.drawing.annotate import annotate, jpeg
from inference.drawing.words import caption
from inference.photo import Photo, PhotoError, decode
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import Registry

BATCH: Final = 16
"""Photos a batch; larger ones are no faster on a CPU."""

_BATCH_PIXELS: Final = 32 * 1024 * 1024  # a batch is cut short at this many decoded pixels, to bound memory


@dataclass(frozen=True, eq=False)
class Answer:
    """One photo file's answer: an analysis, or the error that kept it from being read."""

    photo: Path
    analysis: Analysis | None
    error: str | None


@dataclass(frozen=True)
class Outputs:
    """Folders to write `<stem>.jpg` with the drawing and `<stem>.png` with the mask into; None for neither.

    A photo without a lesion has an empty mask; a refused one has no drawing.
    """

    annotated: Path | None = None
    masks: Path | None = None

    @property
    def folders(self) -> list[Path]:
        return [folder for folder in (self.annotated, self.masks) if folder is not None]

    def write(self, path: Path, photo: Photo, analysis: Analysis) -> None:
        """Write what was asked for. Raises OSError where a folder cannot be written to."""
        if self.masks is not None:
            lesion = analysis.lesion
            mask = lesion.mask if lesion else np.zeros((photo.height, photo.width), np.bool_)
            Image.fromarray(mask.astype(np.uint8) * 255).save(self.masks / f"{path.stem}.png")
        if self.annotated is not None and analysis.refusal is None:
            drawn = annotate(photo, analysis, caption(analysis))
            (self.annotated / f"{path.stem}.jpg").write_bytes(jpeg(drawn))


def answers(paths: Sequence[Path], registry: Registry, outputs: Outputs, checked: bool = True) -> Iterator[Answer]:
    """Analyse photo files; yields one answer a path, in order, as soon as its turn is ready.

    `checked` is what `Analyzer` takes.

    Raises:
        RegistryError: a served file is not what the registry says.
        OSError: an output cannot be written.
    """
    count = cores()
    chunks = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    workers = max(1, min(count, len(chunks)))
    local = threading.local()

    def work(chunk: Sequence[Path]) -> list[Answer]:
        if not hasattr(local, "analyzer"):
            # Many photos: each core has its own batch. Few: the cores share the one there is.
            local.analyzer = Analyzer(registry, count // workers, checked=checked)
        return _chunk(chunk, local.analyzer, outputs)

    with ThreadPoolExecutor(workers, thread_name_prefix="analyzer") as pool:
        ahead: deque[Future[list[Answer]]] = deque()
        try:
            for chunk in chunks:
                # Finished answers hold masks: only a few batches may wait for their turn.
                if len(ahead) > 2 * workers:
                    yield from ahead.popleft().result()
                ahead.append(pool.submit(work, chunk))
            while ahead:
                yield from ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _chunk(paths: Sequence[Path], analyzer: Analyzer, outputs: Outputs) -> list[Answer]:
    found: list[Answer | None] = [None] * len(paths)
    waiting: list[tuple[int, Photo]] = []

    def analyse() -> None:
        analyses = analyzer.analyze_batch([photo for _, photo in waiting])
        for (place, photo), analysis in zip(waiting, analyses, strict=True):
            outputs.write(paths[place], photo, analysis)
            found[place] = Answer(paths[place], analysis, None)
        waiting.clear()

    for place, path in enumerate(paths):
        try:
            waiting.append((place, decode(path.read_bytes())))
        except PhotoError as error:
            found[place] = Answer(path, None, error.fault.value)
        except OSError as error:
            found[place] = Answer(path, None, error.strerror or str(error))
        if sum(photo.width * photo.height for _, photo in waiting) >= _BATCH_PIXELS:
            analyse()
    analyse()
    return [answer for answer in found if answer is not None]
