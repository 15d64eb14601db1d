"""One interface for HAM10000, MILK10k, PAD-UFES-20 and the bot's training pool. Pictures stay encoded in memory until
they are needed.

A folder is recognised by its files: ``camera.zip`` and ``dermatoscope.zip`` mean MILK10k, a ``metadata.csv`` with
patients means PAD-UFES-20, ``labels.csv`` means the pool, everything else is HAM10000 in either layout of
``models.data.ham10000``.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.classes import CLASSES
from inference.domains import DOMAINS, Domain
from models.data import ham10000 as data
from models.data import pool
from models.data.ham10000 import Split
from models.errors import DataError

DataSet = Literal["ham10000", "milk10k", "pad", "pool"]
Source = Literal["ham10000", "milk10k-dermatoscope", "milk10k-camera", "pad", "pool"]
"""A set and a kind of picture in it. Figures are given for each source."""
TITLES: Final[dict[Source, str]] = {
    "ham10000": "HAM10000, dermatoscope",
    "milk10k-dermatoscope": "MILK10k, dermatoscope",
    "milk10k-camera": "MILK10k, close-up by camera",
    "pad": "PAD-UFES-20, photo by phone",
    "pool": "Training pool of the bot",
}

SUFFIXES: Final[dict[Source, str]] = {
    "ham10000": "",
    "milk10k-dermatoscope": "-milk10k-dermatoscope",
    "milk10k-camera": "-milk10k-camera",
    "pad": "-pad",
    "pool": "-pool",
}
"""End of the name of a source's report. HAM10000, the first set of this project, has none."""

OTHER: Final = ("other", "other_malignant")
"""Diagnosis of photos in MILK10k that are none of ``CLASSES``."""
NO_CLASS: Final = -1

Row = TypeVar("Row")

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Photo:
    """One picture of any set.

    Attributes:
        image_id: as its set names it.
        group: lesion, or patient if the set is split by patient. No group is in two splits.
        dx: the diagnosis, one of ``CLASSES`` or ``OTHER``.
        domain, dataset, split: to which it belongs.
        facts: the non-empty columns of the set's table, such as ``age`` or ``itch``.
        encoded: the picture's file.
        outline: the mask's file, or None.
        size: width and height to which it is reduced; None keeps its own size.
    """

    image_id: str
    group: str
    dx: str
    domain: Domain
    dataset: DataSet
    split: Split
    facts: dict[str, str] = field(repr=False)
    encoded: bytes = field(repr=False)
    outline: bytes | None = field(repr=False, default=None)
    size: tuple[int, int] | None = None

    def __str__(self) -> str:
        return self.image_id

    @property
    def source(self) -> Source:
        """Its set, and in MILK10k the kind of picture."""
        if self.dataset == "milk10k":
            return "milk10k-dermatoscope" if self.domain == "dermatoscope" else "milk10k-camera"
        return self.dataset

    @property
    def label(self) -> int:
        """Index into ``CLASSES``, or ``NO_CLASS``."""
        return CLASSES.index(self.dx) if self.dx in CLASSES else NO_CLASS

    def pixels(self) -> Pixels:
        """H x W x 3, uint8, RGB."""
        image = np.asarray(Image.open(io.BytesIO(self.encoded)).convert("RGB"))
        return self._sized(image)

    def mask(self) -> NDArray[np.bool_] | None:
        """H x W bool, True inside a lesion; there may be several lesions."""
        if self.outline is None:
            return None
        return self._sized(np.asarray(Image.open(io.BytesIO(self.outline)).convert("L"))) > 127

    def _sized(self, picture: Pixels) -> Pixels:
        if self.size is None or (picture.shape[1], picture.shape[0]) == self.size:
            return picture
        return np.asarray(cv2.resize(picture, self.size, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True)
class Photos:
    """Pictures in a fixed order: by set, then by id."""

    photos: tuple[Photo, ...]

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, row: int) -> Photo:
        return self.photos[row]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(photo.image_id for photo in self.photos)

    @property
    def labels(self) -> NDArray[np.int64]:
        """N indices into ``CLASSES``, or ``NO_CLASS``."""
        return np.array([photo.label for photo in self.photos], np.int64)

    @property
    def groups(self) -> tuple[str, ...]:
        """N ids of lesions, or of patients if a set is split by patient."""
        return tuple(photo.group for photo in self.photos)

    def by_source(self) -> dict[Source, NDArray[np.int64]]:
        """Source -> its rows, for each source that has any, in the order of ``TITLES``."""
        named = np.array([photo.source for photo in self.photos])
        rows = {source: np.flatnonzero(named == source) for source in TITLES}
        return {source: found for source, found in rows.items() if len(found)}

    def take(self, rows: NDArray[np.int64]) -> Photos:
        """The pictures in these rows."""
        return Photos(tuple(self.photos[row] for row in rows))

    def where(self, chosen: Callable[[Photo], bool]) -> Photos:
        """Only the chosen pictures."""
        return Photos(tuple(photo for photo in self.photos if chosen(photo)))


def load_photos(roots: Sequence[Path], split: Split, limit: int | None = None) -> Photos:
    """Read one split of several sets (about 20 kB for each picture, since they stay encoded).

    Args:
        roots: folders of the sets.
        split: which split.
        limit: read only this many pictures of each set and domain, spread evenly; None is all.

    Raises:
        DataError: a file is missing or has an unknown class.
    """
    found: list[Photo] = []
    if not roots:
        raise DataError("no folder of data is given")
    for root in roots:
        found += recognise(root)(root, split, limit)
    return Photos(tuple(found))


def ham10000_of(roots: Iterable[Path]) -> Path:
    """The folder of HAM10000 among the folders of several sets.

    Raises:
        DataError: none is HAM10000.
    """
    for root in roots:
        if recognise(root) is _ham10000:
            return root
    raise DataError("HAM10000 is not among the folders of data")


def recognise(root: Path) -> Callable[[Path, Split, int | None], list[Photo]]:
    """The function that reads a folder."""
    if (root / "camera.zip").is_file():
        return _milk10k
    if (root / pool.TABLE).is_file():
        return _pool
    table = root / "metadata.csv"
    if table.is_file():
        with table.open(encoding="utf-8") as file:
            if "patient_id" in file.readline().split(","):
                return _pad
    return _ham10000


def _ham10000(root: Path, split: Split, limit: int | None) -> list[Photo]:
    facts = {row["image_id"]: row for row in _rows(data.metadata(root))}
    with data.files(root) as files:
        return [
            Photo(
                each.image_id, each.lesion_id, each.label, "dermatoscope", "ham10000", split,
                _filled(facts[each.image_id]), files.image(each.image_id), files.mask(each.image_id),
                (data.WIDTH, data.HEIGHT),
            )
            for each in data.select(root, split, limit)
        ]  # fmt: skip


def _milk10k(root: Path, split: Split, limit: int | None) -> list[Photo]:
    rows = [row for row in _rows(root / "metadata.csv") if row["split"] == split]
    found = []
    for kind, domain in zip(("dermatoscope", "camera"), DOMAINS, strict=True):
        of_kind = sorted((row for row in rows if row["kind"] == kind), key=lambda row: row["image_id"])
        with data.archive(root / f"{kind}.zip") as pictures:
            found += [
                Photo(
                    row["image_id"], row["lesion_id"], _known(row, root), domain, "milk10k", split, _filled(row),
                    data.member(pictures, f"{row['image_id']}.webp"),
                )
                for row in spread(of_kind, limit)
            ]  # fmt: skip
    return found


def _pad(root: Path, split: Split, limit: int | None) -> list[Photo]:
    rows = [row for row in _rows(root / "metadata.csv") if row["split"] == split]
    with data.archive(root / "images.zip") as pictures, data.archive(root / "masks.zip") as outlines:
        return [
            Photo(
                row["image_id"], row["patient_id"], _known(row, root), "phone", "pad", split, _filled(row),
                data.member(pictures, f"{row['image_id']}.webp"), _outline(outlines, row),
            )
            for row in spread(sorted(rows, key=lambda row: row["image_id"]), limit)
        ]  # fmt: skip


def _pool(root: Path, split: Split, limit: int | None) -> list[Photo]:
    rows = [row for row in _rows(root / pool.TABLE) if pool.split_of(row["person"]) == split]
    return [
        Photo(
            f"pool_{row['image']}", row["person"], pool.diagnosis(row, root), pool.domain(row), "pool", split, {},
            *pool.files(root, row["image"]),
        )
        for row in spread(sorted(rows, key=lambda row: int(row["image"])), limit)
    ]  # fmt: skip


def spread(rows: Sequence[Row], limit: int | None) -> Sequence[Row]:
    """At most ``limit`` of the rows, spread evenly."""
    if limit is None or limit >= len(rows):
        return rows
    return [rows[position] for position in np.linspace(0, len(rows) - 1, limit).astype(int)]


def _outline(outlines: zipfile.ZipFile, row: dict[str, str]) -> bytes | None:
    return data.member(outlines, f"{row['image_id']}.png") if row["mask"] == "True" else None


def _known(row: dict[str, str], root: Path) -> str:
    if row["dx"] not in CLASSES + OTHER:
        raise DataError(f"{root / 'metadata.csv'}: {row['image_id']} has class {row['dx']!r}")
    return row["dx"]


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DataError(f"{table}: {error.strerror}") from error


def _filled(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value != ""}
