"""The pool as a folder of pictures with a table, for `python -m models retrain`."""

import csv
import io
from typing import Final

from bot.learning.folder import Mirror
from bot.learning.masks import mask_png, unpack
from bot.learning.words import final_label
from storage.labels import final_outline
from storage.training_pool import PoolPhoto

PARTS: Final = ("images", "masks", "labels.csv")
COLUMNS: Final = ("image", "label", "lesion", "person", "domain")
_HASH: Final = 16
"""Digits of a keyed hash: enough to keep all people and lesions of a pool distinct."""


class ImageFolder:
    """All photos with a decided label: `images/ID.jpg`, `masks/ID.png` (0 and 255) if an outline was chosen, and
    `labels.csv`."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._table = io.StringIO()
        self._rows = csv.writer(self._table, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(self, photo: PoolPhoto) -> bool:
        """Add a photo; False if its label is undecided. Blocking."""
        label = final_label(photo)
        if label is None:
            return False
        self._mirror.write(f"images/{photo.request_id}.jpg", photo.picture)
        right = final_outline(photo.labels)
        if right is not None:
            self._mirror.write(f"masks/{photo.request_id}.png", mask_png(unpack(photo.outlines)[right]))
        about = (photo.lesion[:_HASH], photo.person[:_HASH], photo.result.get("domain") or "")
        self._rows.writerow((photo.request_id, label, *about))
        return True

    def close(self) -> None:
        """Write the table. Blocking."""
        self._mirror.write("labels.csv", self._table.getvalue().encode())
