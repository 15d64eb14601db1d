"""Reads HAM10000, in either of its layouts, into arrays.

The layouts are the packed one (``images.zip``, ``masks.zip``, ``metadata.csv`` with a ``split`` column) and the
publisher's (``HAM10000_images_part_1/``, ``..._part_2/``, ``HAM10000_metadata``,
``HAM10000_segmentations_lesion_tschandl/``). The publisher's layout has no splits. For it, ``ham10000_split.csv``
beside this module lists the images of ``val`` and ``test``; all others are ``train``.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.classes import CLASSES
from models.errors import DataError

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")

CITATION: Final = "HAM10000 (Tschandl, Rosendahl, Kittler, Scientific Data 5:180161, 2018, doi:10.7910/DVN/DBW86T)"
WIDTH: Final = 320
HEIGHT: Final = 240
"""Size of every picture in memory. The publisher's 600 x 450 px are reduced to it."""


@dataclass(frozen=True)
class Lesions:
    """One split in memory. Row i of every array is the same picture.

    Attributes:
        ids: N image ids, such as ``ISIC_0024306``, in ascending order.
        groups: N lesion ids; pictures of one lesion share it.
        images: N x 240 x 320 x 3, uint8, RGB.
        masks: N x 240 x 320, bool, True inside the lesion.
        labels: N, int64, indices into ``CLASSES``.
    """

    ids: tuple[str, ...]
    groups: tuple[str, ...]
    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, order=True)
class Picture:
    """One line of the metadata."""

    image_id: str
    lesion_id: str
    label: str
    split: Split


def read_index(root: Path) -> list[Picture]:
    """List the pictures of a data folder in ascending order of their ids.

    Raises:
        DataError: there is no metadata, or it has an unknown class or split.
    """
    source = metadata(root)
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known = {} if source.name == "metadata.csv" else _published_split()
    index: list[Picture] = []
    for row in rows:
        split = row.get("split") or known.get(row["image_id"], "train")
        if row["dx"] not in CLASSES or split not in SPLITS:
            raise DataError(f"{source}: {row['image_id']} has class {row['dx']!r} and split {split!r}")
        index.append(Picture(row["image_id"], row["lesion_id"], row["dx"], split))
    return sorted(index)


def metadata(root: Path) -> Path:
    """Path of the metadata table of a HAM10000 folder.

    Raises:
        DataError: there is none.
    """
    published = root / "HAM10000_metadata"
    for path in (root / "metadata.csv", published, published.with_suffix(".csv")):
        if path.is_file():
            return path
    raise DataError(f"{root}: neither metadata.csv nor HAM10000_metadata is there; is --data the HAM10000 folder?")


def load(root: Path, split: Split, limit: int | None = None) -> Lesions:
    """Read one split into memory (about 0.3 MB for each picture).

    Args:
        root: the data folder.
        split: which split.
        limit: read only this many pictures, spread evenly over the split; None is all.

    Raises:
        DataError: a file is missing or cannot be read.
    """
    chosen = select(root, split, limit)
    images = np.empty((len(chosen), HEIGHT, WIDTH, 3), np.uint8)
    masks = np.empty((len(chosen), HEIGHT, WIDTH), np.bool_)
    with files(root) as opened, ThreadPoolExecutor() as pool:
        pairs = ((opened.image(picture.image_id), opened.mask(picture.image_id)) for picture in chosen)
        for row, (image, mask) in enumerate(pool.map(_decode, pairs)):
            images[row], masks[row] = image, mask
    labels = np.array([CLASSES.index(picture.label) for picture in chosen], np.int64)
    ids, groups = (
        tuple(picture.image_id for picture in chosen),
        tuple(picture.lesion_id for picture in chosen),
    )
    return Lesions(ids, groups, images, masks, labels)


def select(root: Path, split: Split, limit: int | None = None) -> list[Picture]:
    """The pictures of a split; with ``limit`` only this many, spread evenly over it."""
    chosen = [picture for picture in read_index(root) if picture.split == split]
    if limit is not None and limit < len(chosen):
        chosen = [chosen[position] for position in np.linspace(0, len(chosen) - 1, limit).astype(int)]
    return chosen


def _published_split() -> dict[str, Split]:
    with (Path(__file__).parent / "ham10000_split.csv").open(newline="", encoding="utf-8") as file:
        return {row["image_id"]: _split(row["split"]) for row in csv.DictReader(file)}


def _split(name: str) -> Split:
    return SPLITS[SPLITS.index(name)]


class Files:
    """Reads the bytes of pictures and of their masks."""

    def __init__(
        self, image: Callable[[str], bytes], mask: Callable[[str], bytes], close: Iterable[zipfile.ZipFile]
    ) -> None:
        self.image, self.mask, self._close = image, mask, tuple(close)

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        for archive in self._close:
            archive.close()


def files(root: Path) -> Files:
    if (root / "images.zip").is_file():
        images, masks = archive(root / "images.zip"), archive(root / "masks.zip")
        return Files(
            lambda name: member(images, f"{name}.webp"),
            lambda name: member(masks, f"{name}.png"),
            (images, masks),
        )
    parts = [root / f"HAM10000_images_part_{number}" for number in (1, 2)]
    outlines = root / "HAM10000_segmentations_lesion_tschandl"
    return Files(
        lambda name: _file([part / f"{name}.jpg" for part in parts]),
        lambda name: _file([outlines / f"{name}_segmentation.png"]),
        (),
    )


def archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: {error}") from error


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive.filename}: {name}: {error}") from error


def _file(places: list[Path]) -> bytes:
    for path in places:
        if path.is_file():
            return path.read_bytes()
    raise DataError(f"{places[0]}: no such file")


def _decode(pair: tuple[bytes, bytes]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    image = np.asarray(Image.open(io.BytesIO(pair[0])).convert("RGB"))
    mask = np.asarray(Image.open(io.BytesIO(pair[1])).convert("L"))
    if image.shape[:2] != (HEIGHT, WIDTH):
        image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    if mask.shape != (HEIGHT, WIDTH):
        mask = cv2.resize(mask, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return image, mask > 127
