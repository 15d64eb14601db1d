"""Answers of the served pipeline: evaluation calls the same library as the bot, on every core."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from inference.analysis import Analysis, Risk
from inference.batches import Item, answers
from inference.classes import CLASSES
from inference.photo import Photo as ServedPhoto
from inference.photo import decode
from inference.registry.registry import Registry, RegistryError
from models.data.boxes import Box
from models.data.pictures import Photo
from models.errors import EvaluationError
from models.evaluation.metrics import Answers


def serve(
    photos: Sequence[Item],
    read: Callable[[Item], ServedPhoto],
    weights: Path,
    *,
    checked: bool = True,
    classifier: str | None = None,
) -> Iterator[Analysis]:
    """Answer photos, one after another in the order given.

    Args:
        photos: their sources; `str` of a source names its photo in an error.
        read: decodes the photo of a source.
        weights: folder of registry.json.
        checked: whether unfit photos are refused.
        classifier: NAME-VERSION of a released classifier; None is the served one.

    Raises:
        EvaluationError: a photo cannot be read, or nothing can be served.
    """
    try:
        for answer in answers(photos, read, Registry.load(weights, classifier), checked=checked):
            if answer.analysis is None:
                raise EvaluationError(f"{answer.photo}: {answer.error}")
            yield answer.analysis
    except RegistryError as error:
        raise EvaluationError(str(error)) from error


def read_file(path: Path) -> ServedPhoto:
    """Read the photo of a file, for `serve`."""
    return decode(path.read_bytes())


def read_encoded(photo: Photo) -> ServedPhoto:
    """Read a photo of a data set as if a person had sent it, for `serve`."""
    return decode(photo.encoded)


def served_boxes(photos: Sequence[Photo], weights: Path) -> list[Box | None]:
    """The box that the served pipeline finds in each photo, x1 y1 x2 y2 in its pixels; None if it finds none."""
    analyses = serve(photos, lambda photo: ServedPhoto(photo.pixels()), weights, checked=False)
    return [analysis.lesion.box if analysis.lesion else None for analysis in analyses]


def watched(analyses: Iterable[Analysis], what: str, count: int) -> Iterator[Analysis]:
    """The same analyses, with a progress bar on standard error."""
    return iter(track(analyses, what, count, console=Console(stderr=True)))


def without_mask(analysis: Analysis) -> Analysis:
    """The analysis without its mask, so that thousands fit into memory."""
    return replace(analysis, lesion=None)


def collect(analyses: Sequence[Analysis], labels: NDArray[np.int64], groups: Sequence[str]) -> Answers:
    """Join N analyses with N true class indices and N ids of lesions or patients."""
    return Answers(
        labels,
        np.array([CLASSES.index(each.label) if each.label else -1 for each in analyses], np.int64),
        np.array([[each.probabilities.get(name, np.nan) for name in CLASSES] for each in analyses], np.float64),
        np.array([each.risk not in (None, Risk.LOW) for each in analyses], np.bool_),
        tuple(groups),
    )
