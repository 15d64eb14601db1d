"""The folder that the bot's training pool is exported to: ``labels.csv``, ``images/ID.jpg`` and some ``masks/ID.png``.

``labels.csv`` has the columns ``image``, ``label``, ``lesion``, ``person`` and ``domain``; person and lesion are keyed
hashes. A fifth of the people are held out.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from inference.classes import CLASSES
from inference.domains import Domain
from models.data.ham10000 import Split
from models.errors import DataError

TABLE: Final = "labels.csv"
OTHER: Final = ("other", "not_lesion")
"""Labels of photos that are none of ``CLASSES``."""
HELD_OUT: Final[Split] = "test"
_ONE_IN: Final = 5


def split_of(person: str) -> Split:
    """``train``, or ``HELD_OUT`` for one person in five. It depends on the person alone, so it stays the same."""
    return HELD_OUT if int(hashlib.sha256(person.encode()).hexdigest(), 16) % _ONE_IN == 0 else "train"


def diagnosis(row: dict[str, str], root: Path) -> str:
    """The label of a row.

    Raises:
        DataError: there is no such label.
    """
    if row["label"] not in (*CLASSES, *OTHER):
        raise DataError(f"{root / TABLE}: {row['image']} has the label {row['label']!r}")
    return row["label"]


def domain(row: dict[str, str]) -> Domain:
    """What the photo was taken with, as the bot saw it."""
    return "dermatoscope" if row.get("domain") == "dermatoscope" else "phone"


def files(root: Path, image: str) -> tuple[bytes, bytes | None]:
    """The bytes of a picture, and those of its mask if it has one.

    Raises:
        DataError: the picture cannot be read.
    """
    picture, mask = root / "images" / f"{image}.jpg", root / "masks" / f"{image}.png"
    try:
        return picture.read_bytes(), mask.read_bytes() if mask.is_file() else None
    except OSError as error:
        raise DataError(f"{picture}: {error.strerror}") from error
