"""The pool in COCO's format: `images/ID.jpg`, and `annotations.json` with the outlines that people chose."""

import json
from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np

from bot.learning.folder import Mirror
from bot.learning.masks import Mask, size_of, unpack
from bot.learning.words import LABELS, Labelled, final_label
from storage.labels import final_outline
from storage.training_pool import PoolPhoto

PARTS: Final = ("images", "annotations.json")
CATEGORIES: Final = {name: number for number, name in enumerate(LABELS, 1)}


class Coco:
    """All photos of the pool. A photo has an annotation if its label is decided and an outline was chosen."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, photo: PoolPhoto) -> bool:
        """Add a photo. Blocking."""
        name = f"images/{photo.request_id}.jpg"
        self._mirror.write(name, photo.picture)
        width, height = size_of(photo.picture)
        self._images.append({"id": photo.request_id, "file_name": name, "width": width, "height": height})
        label, right = final_label(photo), final_outline(photo.labels)
        if label is not None and right is not None:
            self._annotations.append(_annotation(photo.request_id, CATEGORIES[label], unpack(photo.outlines)[right]))
        return True

    def close(self) -> None:
        """Write the annotations. Blocking."""
        content = {
            "info": {"description": "The training pool of a lesion triage bot"},
            "images": self._images,
            "annotations": self._annotations,
            "categories": [{"id": number, "name": name} for name, number in CATEGORIES.items()],
        }
        self._mirror.write("annotations.json", json.dumps(content).encode())


def labels_of(content: dict[str, Any]) -> Iterable[Labelled]:
    """The annotations of a COCO file. Outlines in its compressed form (RLE) are left out.

    Raises:
        KeyError, TypeError: it is not a COCO file.
    """
    names = {each["id"]: each["name"] for each in content["categories"]}
    images = {each["id"]: each for each in content["images"]}
    found = []
    for each in content["annotations"]:
        image, drawn = images[each["image_id"]], each.get("segmentation", [])
        outline = [_shares(flat, image) for flat in drawn] if isinstance(drawn, list) else []
        found.append(Labelled(image["file_name"], names[each["category_id"]], outline=tuple(outline)))
    return found


def polygons(mask: Mask) -> list[list[float]]:
    """The outline of a mask: x and y of each point in turn, in pixels."""
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [[float(value) for value in edge.ravel()] for edge in edges if len(edge) > 2]


def _shares(flat: list[float], image: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    wide, high = max(image["width"] - 1, 1), max(image["height"] - 1, 1)
    return tuple((x / wide, y / high) for x, y in zip(flat[::2], flat[1::2], strict=True))


def _annotation(request_id: int, category: int, mask: Mask) -> dict[str, Any]:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return {
        "id": request_id,
        "image_id": request_id,
        "category_id": category,
        "segmentation": polygons(mask),
        "bbox": [left, top, width, height],
        "area": int(mask.sum()),
        "iscrowd": 0,
    }
