"""What the served pipeline refuses: everyday pictures that were held out, lesions of a split, photos by phone.

Every picture goes through ``python -m inference``, so that what is counted is what a chat gets.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from models.data.ham10000 import Split, copy_photos, load, select
from models.evaluation.metrics import Interval, bootstrap
from models.evaluation.served import serve
from models.gate.everyday import gather, healthy_skin

SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".heic"}


@dataclass(frozen=True)
class Refused:
    """Of ``photos`` pictures of a kind, how many were refused for what; "" is the reason of those that were read."""

    kind: str
    photos: int
    reasons: Counter[str]

    @property
    def share(self) -> float:
        """Share that is refused; NaN of no pictures."""
        return 1 - self.reasons[""] / self.photos if self.photos else float("nan")


@dataclass(frozen=True)
class Refusals:
    """All that the report shows. The shares are of all everyday pictures and of all lesions, with their intervals."""

    split: Split
    models: dict[str, str]
    everyday: tuple[Refused, ...]
    everyday_share: Interval
    lesions: Refused
    lesions_share: Interval
    phone: Refused | None


def measure(root: Path, split: Split, weights: Path, phone: Path | None = None) -> Refusals:
    """Show the served pipeline what it should refuse and what it should read.

    Args:
        root: the data folder.
        split: whose lesions.
        weights: folder of registry.json.
        phone: folder of photos by phone that should be read.

    Raises:
        DataError: data or a package with everyday pictures is missing.
        EvaluationError: the pipeline failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        kinds: list[str] = []
        groups: list[str] = []
        paths: list[Path] = []
        for picture in chain(gather(), healthy_skin(load(root, "val"))):
            if picture.part == "held-out":
                paths.append(Path(folder) / f"{len(paths)}.png")
                Image.fromarray(picture.pixels).save(paths[-1], compress_level=1)
                kinds.append(picture.kind)
                groups.append(picture.group)
        everyday, _ = _reasons(paths, weights, "everyday pictures")
    with tempfile.TemporaryDirectory() as folder:
        pictures = select(root, split)
        lesions, models = _reasons(copy_photos(root, pictures, Path(folder)), weights, f"lesions of {split}")
    photos = sorted(path for path in phone.iterdir() if path.suffix.lower() in SUFFIXES) if phone else []
    return Refusals(
        split,
        models,
        tuple(
            _count(kind, [reason for reason, other in zip(everyday, kinds, strict=True) if other == kind])
            for kind in sorted(set(kinds))
        ),
        _interval(everyday, groups),
        _count("lesions", lesions),
        _interval(lesions, [picture.lesion_id for picture in pictures]),
        _count("photos by phone", _reasons(photos, weights, "photos by phone")[0]) if photos else None,
    )


def _reasons(paths: list[Path], weights: Path, what: str) -> tuple[list[str], dict[str, str]]:
    """Why each picture is refused, "" where it is read; and the models that answered."""
    rows = list(track(serve(paths, weights), what, len(paths), console=Console(stderr=True)))
    return [row["refusal"] or "" for row in rows], rows[0]["models"]


def _count(kind: str, reasons: list[str]) -> Refused:
    return Refused(kind, len(reasons), Counter(reasons))


def _interval(reasons: list[str], groups: list[str]) -> Interval:
    refused = np.array([bool(reason) for reason in reasons])
    return bootstrap(lambda chosen: {"refused": float(refused[chosen].mean())}, tuple(groups))["refused"]
