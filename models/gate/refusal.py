"""How much the served pipeline refuses: held-out everyday pictures, lesions of a split, photos by phone.

Every picture goes through the served pipeline, so this counts what a chat would get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from inference.batches import Item
from inference.photo import Photo
from models.data.ham10000 import Split, load
from models.data.pictures import TITLES, ham10000_of, load_photos
from models.evaluation.metrics import Interval, bootstrap
from models.evaluation.served import read_encoded, read_file, serve, watched
from models.gate.everyday import gather, healthy_skin

SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".heic"}


@dataclass(frozen=True)
class Refused:
    """The pictures of a kind: reason -> number of refused ones. The reason "" counts those that were accepted."""

    kind: str
    photos: int
    reasons: Counter[str]

    @property
    def share(self) -> float:
        """Share that is refused; NaN without pictures."""
        return 1 - self.reasons[""] / self.photos if self.photos else float("nan")


@dataclass(frozen=True)
class Refusals:
    """Everything that the report shows. The shares are of all everyday pictures and of all lesions, with intervals.

    ``lesions`` are HAM10000's, ``others`` those of the other sets, by set and kind of picture.
    """

    split: Split
    models: dict[str, str]
    everyday: tuple[Refused, ...]
    everyday_share: Interval
    lesions: Refused
    lesions_share: Interval
    others: tuple[Refused, ...]
    phone: Refused | None


def measure(roots: Sequence[Path], split: Split, weights: Path, phone: Path | None = None) -> Refusals:
    """Run the served pipeline on pictures that it should refuse and on photos that it should accept.

    Args:
        roots: folders of the sets, HAM10000 among them.
        split: whose lesions.
        weights: folder of registry.json.
        phone: folder of photos by phone that should be read.

    Raises:
        DataError: data or a package with everyday pictures is missing.
        EvaluationError: the pipeline failed.
    """
    root = ham10000_of(roots)
    skin = healthy_skin(load(root, "val"))
    held_out = [picture for picture in chain(gather(), skin) if picture.part == "held-out"]
    kinds, groups = [picture.kind for picture in held_out], [picture.group for picture in held_out]
    everyday, _ = _reasons(held_out, lambda picture: Photo(picture.pixels), weights, "everyday pictures")
    pictures = load_photos(roots, split)
    reasons, models = _reasons(pictures.photos, read_encoded, weights, f"lesions of {split}")
    by_source = {source: [reasons[row] for row in rows] for source, rows in pictures.by_source().items()}
    lesions = by_source.pop("ham10000")
    groups_of_lesions = [photo.group for photo in pictures.photos if photo.source == "ham10000"]
    files = sorted(path for path in phone.iterdir() if path.suffix.lower() in SUFFIXES) if phone else []
    return Refusals(
        split,
        models,
        tuple(
            _count(kind, [reason for reason, other in zip(everyday, kinds, strict=True) if other == kind])
            for kind in sorted(set(kinds))
        ),
        _interval(everyday, groups),
        _count("lesions", lesions),
        _interval(lesions, groups_of_lesions),
        tuple(_count(TITLES[source], found) for source, found in by_source.items()),
        _count("photos by phone", _reasons(files, read_file, weights, "photos by phone")[0]) if files else None,
    )


def _reasons(
    photos: Sequence[Item], read: Callable[[Item], Photo], weights: Path, what: str
) -> tuple[list[str], dict[str, str]]:
    """The reason of each refusal ("" if the picture is accepted), and the models that answered."""
    reasons, models = [], {}
    for analysis in watched(serve(photos, read, weights), what, len(photos)):
        reasons.append(analysis.refusal or "")
        models = dict(analysis.models)
    return reasons, models


def _count(kind: str, reasons: list[str]) -> Refused:
    return Refused(kind, len(reasons), Counter(reasons))


def _interval(reasons: list[str], groups: Sequence[str]) -> Interval:
    refused = np.array([bool(reason) for reason in reasons])
    return bootstrap(lambda chosen: {"refused": float(refused[chosen].mean())}, tuple(groups))["refused"]
