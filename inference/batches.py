"""Many photos at once: every core reads, decodes and analyses batches. Answers come in the order of the photos."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final, Generic, TypeVar

import numpy as np
from PIL import Image

from inference.analysis import Analysis, Lesion
from inference.cores import cores
from inference.drawing.annotate import annotate, jpeg
from inference.photo import Photo, PhotoError, decode
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import Registry

BATCH: Final = 16
"""Photos in a batch. Larger batches are no faster on a CPU."""

_BATCH_PIXELS: Final = 32 * 1024 * 1024  # a batch ends at this many decoded pixels, to limit memory


Item = TypeVar("Item")
"""Where a photo comes from: a path, the bytes of a file, or pixels."""


@dataclass(frozen=True, eq=False)
class Answer(Generic[Item]):
    """One photo's answer: an analysis, or the error why it could not be read.

    The lesion's box is in pixels of the picture in the file; see `at_taken_size`.
    """

    photo: Item
    analysis: Analysis | None
    error: str | None


@dataclass(frozen=True)
class Outputs:
    """Folders for `<stem>.jpg` with the drawing and for `<stem>.png` with the mask; None writes none.

    A photo without a lesion has an empty mask; a refused one has no drawing.
    """

    annotated: Path | None = None
    masks: Path | None = None

    @property
    def folders(self) -> list[Path]:
        return [folder for folder in (self.annotated, self.masks) if folder is not None]

    def overwritten(self, photos: Sequence[Path]) -> Path | None:
        """The first output path that is one of the photos themselves, under whatever name."""
        own = {_identity(photo) for photo in photos} - {None}
        targets = (target for photo in photos for target in self._targets(photo) if target is not None)
        return next((target for target in targets if _identity(target) in own), None)

    def write(self, path: Path, photo: Photo, analysis: Analysis) -> None:
        """Write the files that were asked for. A file is complete or absent. Raises OSError if it cannot be written.

        Args:
            path: of the photo file.
            photo: as it was analysed.
            analysis: of it.
        """
        drawing, mask_file = self._targets(path)
        if mask_file is not None:
            lesion, (width, height) = analysis.lesion, photo.taken_size or (photo.width, photo.height)
            values = lesion.mask.view(np.uint8) * 255 if lesion else np.zeros((photo.height, photo.width), np.uint8)
            mask = Image.fromarray(values).resize((width, height), Image.Resampling.NEAREST)
            content = BytesIO()
            mask.save(content, "PNG")
            _write(mask_file, content.getvalue())
        if drawing is not None and analysis.refusal is None:
            _write(drawing, jpeg(annotate(photo, analysis)))

    def _targets(self, path: Path) -> tuple[Path | None, Path | None]:
        return (
            self.annotated and self.annotated / f"{path.stem}.jpg",
            self.masks and self.masks / f"{path.stem}.png",
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode, which identify a file under any name; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _write(path: Path, content: bytes) -> None:
    """Write a file under another name first, so that a full disk leaves no half of it."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def at_taken_size(photo: Photo, analysis: Analysis) -> Analysis:
    """The analysis with its box in pixels of the picture in the file, even if the photo was read at a reduced size.

    The mask keeps the reduced size.
    """
    if photo.taken_size is None:
        return analysis
    width, height = photo.taken_size
    across, down = width / photo.width, height / photo.height
    scaled = [_scaled(lesion, across, down) for lesion in (analysis.lesion, *analysis.more_lesions) if lesion]
    quality = replace(analysis.quality, width=width, height=height)
    return replace(analysis, lesion=next(iter(scaled), None), more_lesions=tuple(scaled[1:]), quality=quality)


def _scaled(lesion: Lesion, across: float, down: float) -> Lesion:
    x1, y1, x2, y2 = lesion.box
    return replace(lesion, box=(x1 * across, y1 * down, x2 * across, y2 * down))


def answers(
    items: Sequence[Item],
    read: Callable[[Item], Photo],
    registry: Registry,
    *,
    checked: bool = True,
    then: Callable[[Item, Photo, Analysis], None] | None = None,
) -> Iterator[Answer[Item]]:
    """Analyse photos on all cores. Yields one answer for each item, in order, as soon as it is ready.

    Args:
        items: the sources of the photos.
        read: reads the photo of an item. If it raises PhotoError or OSError, that becomes the answer's `error`.
        registry: the models to use.
        checked: see `Analyzer`.
        then: called with every photo and its analysis, in the thread that analysed it.

    Raises:
        RegistryError: a served file is not what the registry says.
    """
    count = cores()
    chunks = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    workers = max(1, min(count, len(chunks)))
    local = threading.local()

    def work(chunk: Sequence[Item]) -> list[Answer[Item]]:
        if not hasattr(local, "analyzer"):
            # With many photos each core has its own batch. With few, the cores share one batch.
            local.analyzer = Analyzer.load(registry, count // workers, checked=checked)
        return _chunk(chunk, read, local.analyzer, then)

    with ThreadPoolExecutor(workers, thread_name_prefix="analyzer") as pool:
        ahead: deque[Future[list[Answer[Item]]]] = deque()
        try:
            for chunk in chunks:
                # Finished answers hold masks, so only a few batches may wait for their turn.
                if len(ahead) > 2 * workers:
                    yield from ahead.popleft().result()
                ahead.append(pool.submit(work, chunk))
            while ahead:
                yield from ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def file_answers(
    paths: Sequence[Path], registry: Registry, outputs: Outputs, checked: bool = True
) -> Iterator[Answer[Path]]:
    """Analyse photo files and write what was asked for; see `answers`.

    Raises:
        RegistryError: a served file is not what the registry says.
        OSError: an output cannot be written.
    """
    return answers(paths, lambda path: decode(path.read_bytes()), registry, checked=checked, then=outputs.write)


def _chunk(
    items: Sequence[Item],
    read: Callable[[Item], Photo],
    analyzer: Analyzer,
    then: Callable[[Item, Photo, Analysis], None] | None,
) -> list[Answer[Item]]:
    found: list[Answer[Item] | None] = [None] * len(items)
    waiting: list[tuple[int, Photo]] = []

    def analyse() -> None:
        analyses = analyzer.analyze_batch([photo for _, photo in waiting])
        for (place, photo), analysis in zip(waiting, analyses, strict=True):
            if then is not None:
                then(items[place], photo, analysis)
            found[place] = Answer(items[place], at_taken_size(photo, analysis), None)
        waiting.clear()

    for place, item in enumerate(items):
        try:
            waiting.append((place, read(item)))
        except PhotoError as error:
            found[place] = Answer(item, None, error.fault.value)
        except OSError as error:
            found[place] = Answer(item, None, error.strerror or str(error))
        if sum(photo.width * photo.height for _, photo in waiting) >= _BATCH_PIXELS:
            analyse()
    analyse()
    return [answer for answer in found if answer is not None]
