"""Exports the pool into a folder, and imports labels from outside."""

import asyncio
import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from bot.learning import coco, imagefolder, label_studio
from bot.learning.coco import Coco
from bot.learning.folder import Mirror
from bot.learning.imagefolder import ImageFolder
from bot.learning.label_studio import LabelStudio
from bot.learning.masks import Polygon, added, drawn_by_hand, size_of
from bot.learning.words import LABELS, Labelled
from storage.database import Database
from storage.training_pool import PoolPhoto

LONGEST_NAME: Final = 64


class Form(StrEnum):
    """The formats of an export."""

    IMAGEFOLDER = "imagefolder"
    COCO = "coco"
    LABEL_STUDIO = "labelstudio"


class Writer(Protocol):
    """Writes photos into a folder in one format, one after another."""

    def add(self, photo: PoolPhoto) -> bool:
        """Add a photo; False if this format leaves it out. Blocking."""

    def close(self) -> None:
        """Write the files about all photos. Blocking."""


_WRITERS: Final[Mapping[Form, tuple[Callable[[Mirror], Writer], tuple[str, ...]]]] = {
    Form.IMAGEFOLDER: (ImageFolder, imagefolder.PARTS),
    Form.COCO: (Coco, coco.PARTS),
    Form.LABEL_STUDIO: (LabelStudio, label_studio.PARTS),
}


class NotImportable(ValueError):
    """A file with labels cannot be used; the message says why."""


class Outside(NamedTuple):
    """A label from outside the chat for a photo of the pool; see `Labelled`."""

    request_id: int
    label: str
    who: str = ""
    outline: tuple[Polygon, ...] = ()


@dataclass(frozen=True)
class Exported:
    """How many photos were written, and how many files of an earlier export were removed."""

    photos: int
    removed: int


@dataclass(frozen=True)
class Imported:
    """How many labels were stored, and how many were of photos that are no longer in the pool."""

    taken: int
    gone: int


async def export(database: Database, root: Path, form: Form = Form.IMAGEFOLDER) -> Exported:
    """Make a folder equal to the pool as it is now. Photos that were taken back are removed.

    Raises:
        OSError: the folder cannot be written.
    """
    writer, parts = _WRITERS[form]
    mirror = await asyncio.to_thread(Mirror, root, parts)
    written = writer(mirror)
    photos = 0
    async for photo in database.training_pool.all():
        photos += await asyncio.to_thread(written.add, photo)
    await asyncio.to_thread(written.close)
    return Exported(photos, await asyncio.to_thread(mirror.close))


async def take(database: Database, labels: Sequence[Outside], name: str) -> Imported:
    """Store labels from people outside. `name` and each label's `who` identify the author."""
    taken = 0
    for each in labels:
        who = f"{name} {each.who}".strip()[:LONGEST_NAME]
        outline = await _kept(database, each) if each.outline else None
        taken += await database.labels.take(each.request_id, who, each.label, outline)
    return Imported(taken, len(labels) - taken)


async def _kept(database: Database, label: Outside) -> int | None:
    """Add an outline that somebody drew to those of its photo; returns its number."""
    photo = await database.training_pool.get(label.request_id)
    if photo is None:
        return None
    size = size_of(photo.picture)
    mask = await asyncio.to_thread(drawn_by_hand, label.outline, size)
    found = await asyncio.to_thread(added, photo.outlines, mask, size)
    if found is None:
        return None
    outlines, number = found
    if outlines != photo.outlines:
        await database.training_pool.replace_outlines(label.request_id, outlines)
    return number


def read_labels(path: Path) -> list[Outside]:
    """Labels from `labels.csv`, a folder `LABEL/ID.jpg`, a COCO file, or an export of Label Studio as JSON. Blocking.

    Raises:
        NotImportable: it is none of these, or has an unknown label.
    """
    try:
        if path.is_dir():
            return _checked(
                Labelled(each.name, each.parent.name) for each in sorted(path.glob("*/*")) if each.is_file()
            )
        if path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as file:
                return _checked([Labelled(row["image"], row["label"]) for row in csv.DictReader(file)])
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        read = label_studio.labels_of if isinstance(content, list) else coco.labels_of
        return _checked(read(content))
    except OSError as error:
        raise NotImportable(f"{path}: {error.strerror}") from error
    except NotImportable as error:
        raise NotImportable(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotImportable(
            f"{path} is neither labels.csv, a folder of folders, COCO, nor an export of Label Studio as JSON"
        ) from error


def _checked(found: Iterable[Labelled]) -> list[Outside]:
    labels: dict[tuple[int, str], Outside] = {}
    for picture, label, who, outline in found:
        if any(len(each) < 3 or not np.isfinite(np.array(each)).all() for each in outline):
            raise NotImportable(f"{picture} has an outline that encloses nothing")
        number = re.fullmatch(r"(?:.*\D)?(\d{1,18})", PurePosixPath(picture).stem)
        if number is None:
            raise NotImportable(f"{picture!r} is no picture of an export: its name has no number")
        if label not in LABELS:
            raise NotImportable(f"{picture} has the label {label!r}; there are {', '.join(LABELS)}")
        this = int(number[1]), who
        known = labels.get(this, Outside(this[0], label, who))
        if known.label != label:
            raise NotImportable(f"{picture} has two labels")
        # COCO has an annotation for each part of an outline, or for each lesion of a photo.
        labels[this] = known._replace(outline=known.outline + outline)
    return list(labels.values())
