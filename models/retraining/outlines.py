"""Where the lesions are in photos without a mask, for the networks that read the lesion's crop."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from inference.registry.file import RegistryFile
from models.data.boxes import Boxes
from models.data.pictures import Photo, load_photos
from models.evaluation.served import served_boxes


def boxes_file(roots: Sequence[Path], weights: Path, folder: Path, limit: int | None = None) -> Path:
    """Outline the photos of ``train`` and ``val`` that have no mask with the served segmenter.

    The file's name depends on the segmenter and the photos. So a run of other photos is another run, and a run that
    goes on outlines nothing again.

    Args:
        roots: folders of the data sets.
        weights: folder of the registry.
        folder: of the file. Files about other photos are removed from it.
        limit: see `load_photos`.

    Raises:
        DataError: the data is incomplete.
        EvaluationError: nothing can be served.
    """
    photos = [
        photo
        for split in ("train", "val")
        for photo in load_photos(roots, split, limit).photos
        if photo.outline is None
    ]
    segmenter = RegistryFile.load(weights).served_segmenter.served.sha256
    content = "\n".join([segmenter, *(photo.image_id for photo in photos)])
    path = folder / f"boxes-{hashlib.sha256(content.encode()).hexdigest()[:16]}.json"
    if path.is_file():
        return path
    for other in folder.glob("boxes-*.json"):
        other.unlink()
    found = {
        photo.image_id: _shares(photo, box)
        for photo, box in zip(photos, served_boxes(photos, weights), strict=True)
        if box is not None
    }
    part = path.with_suffix(".part")
    Boxes(found).write(part)
    part.rename(path)
    return path


def _shares(photo: Photo, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    height, width = photo.pixels().shape[:2]
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height
