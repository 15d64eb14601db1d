"""Everyday pictures, which show no spot on skin: collected from packages, and drawn by code.

Some of them fit the gate, and others test it. A hash of a picture's group decides its part. The group is its folder, or
the name that it shares with its variants. So near-duplicates stay together, and the parts are the same on every
machine.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.data.ham10000 import Lesions
from models.errors import DataError
from models.gate.everyday_drawn import DRAWN, draw

Part = Literal["fit", "choose", "held-out"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)

SHARES: Final = {"fit": 0.4, "choose": 0.1, "held-out": 0.5}
LONGEST: Final = 640
"""Pictures are reduced to this many pixels on their longer side; the segmenter reads far fewer."""
SHORTEST: Final = 100
DRAWN_EACH: Final = 60
DRAWN_MORE: Final = 90
"""Numbers for each drawn kind: pictures that are split like all others, and additional pictures of the part "fit"."""
SUFFIXES: Final = {".png", ".jpg", ".jpeg", ".webp"}
HEALTHY: Final = "skin without a lesion"
_ROOM: Final = 12  # distance of a skin crop from the mask, in pixels of 320 x 240, since a lesion fades beyond its mask


@dataclass(frozen=True)
class Source:
    """A source of pictures of one kind.

    Attributes:
        kind: its name in a report.
        package: the Debian or Python package that has them.
        folder: an absolute path; or a path inside a Python package, which starts with its import name.
        groups: what is a group: the pictures of a folder, or those whose names begin with the same letters.
        most: the largest number of pictures of a group.
    """

    kind: str
    package: str
    folder: str
    groups: Literal["folder", "name"]
    most: int


SOURCES: Final = (
    Source("stamps", "tuxpaint-stamps-default", "/usr/share/tuxpaint/stamps", "folder", 30),
    Source("clip art", "openclipart-png", "/usr/share/openclipart/png", "folder", 5),
    Source("wallpapers", "plasma-workspace-wallpapers", "/usr/share/wallpapers", "folder", 1),
    Source("wallpapers", "gnome-backgrounds", "/usr/share/backgrounds/gnome", "name", 1),
    Source("wallpapers", "mate-backgrounds", "/usr/share/backgrounds/mate", "name", 2),
    Source("wallpapers", "ukui-wallpapers", "/usr/share/backgrounds", "name", 2),
    Source("wallpapers", "lxqt-themes", "/usr/share/lxqt/wallpapers", "name", 2),
    Source("wallpapers", "palapeli-data", "/usr/share/palapeli", "name", 1),
    Source("sample photos", "opencv-doc", "/usr/share/doc/opencv-doc/examples/data", "name", 2),
    Source("figures of manuals", "opencv-doc", "/usr/share/doc/opencv-doc/opencv4/html", "name", 1),
    Source("sample photos", "scikit-image", "skimage/data", "name", 2),
    Source("sample photos", "scikit-learn", "sklearn/datasets/images", "name", 2),
    Source("sample photos", "ultralytics-opencv-headless", "ultralytics/assets", "name", 2),
    Source("sample photos", "matplotlib", "matplotlib/mpl-data/sample_data", "name", 2),
)


@dataclass(frozen=True, eq=False)
class Everyday:
    """One picture: ``pixels`` H x W x 3 uint8 RGB, the longer side at most ``LONGEST``; ``group``: see the module."""

    kind: str
    group: str
    part: Part
    pixels: NDArray[np.uint8]


def part_of(group: str) -> Part:
    """The part to which a group of pictures belongs; it depends only on the group's name."""
    share = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64
    for part in PARTS:
        share -= SHARES[part]
        if share < 0:
            return part
    return PARTS[-1]


def gather() -> Iterator[Everyday]:
    """All pictures of the packages, and the drawn ones.

    Raises:
        DataError: a package is not installed; the message names it.
    """
    missing = sorted({source.package for source in SOURCES if not _folder(source).is_dir()})
    if missing:
        raise DataError(f"everyday pictures are missing, install them first: {', '.join(missing)}")
    for source in SOURCES:
        for group, path in _paths(source):
            pixels = read(path)
            if pixels is not None:
                yield Everyday(source.kind, group, part_of(group), pixels)
    for kind in DRAWN:
        for number in range(DRAWN_EACH + DRAWN_MORE):
            name = f"{kind}/{number}"
            yield Everyday(kind, name, part_of(name) if number < DRAWN_EACH else "fit", draw(kind, number))


def healthy_skin(lesions: Lesions, part: Part | None = None) -> Iterator[Everyday]:
    """Crops of skin beside the lesions, if there is room for ``SHORTEST`` pixels in both directions.

    Args:
        lesions: the photos to cut.
        part: of the crops; None splits them by lesion into "choose" and "held-out".
    """
    for group, image, mask in zip(lesions.groups, lesions.images, lesions.masks, strict=True):
        crop = _largest_free(image, mask)
        if crop is not None:
            half: Part = "choose" if part_of(group) == "held-out" else "held-out"
            yield Everyday(HEALTHY, group, part or half, crop)


def skin_beside(photos: Iterable[tuple[str, NDArray[np.uint8], NDArray[np.bool_]]]) -> Iterator[Everyday]:
    """Crops of skin beside the lesions of photos by phone, all of the part "fit"; see ``healthy_skin``.

    Args:
        photos: the group, the pixels and the mask of all lesions, for each photo.
    """
    for group, image, mask in photos:
        crop = _largest_free(image, mask)
        if crop is not None:
            yield Everyday(HEALTHY, group, "fit", crop)


def read(path: Path) -> NDArray[np.uint8] | None:
    """Read a picture as H x W x 3 uint8 RGB, reduced to ``LONGEST``. Transparent parts become white.

    None if serving would refuse its size: below ``SHORTEST``, or too many pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(path)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            return None
    with image:
        image.draft("RGB", (LONGEST, LONGEST))
        if image.has_transparency_data:
            coloured = image.convert("RGBA")
            coloured.thumbnail((LONGEST, LONGEST))
            flat = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured).convert("RGB")
        else:
            flat = image.convert("RGB")
            flat.thumbnail((LONGEST, LONGEST))
    return np.asarray(flat, np.uint8) if min(flat.size) >= SHORTEST else None


def _folder(source: Source) -> Path:
    place = Path(source.folder)
    if place.is_absolute():
        return place
    module, *inner = place.parts
    spec = find_spec(module)
    found = spec.submodule_search_locations if spec else None
    return Path(found[0], *inner) if found else Path(module, "is not installed")


def _paths(source: Source) -> list[tuple[str, Path]]:
    """Group and path of the pictures that are used from a source, in a fixed order."""
    root = _folder(source)
    groups: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink():
            letters = re.match(r"[^\W\d_]*", path.stem)
            inner = str(path.parent.relative_to(root))
            shared = letters[0].lower() if letters and source.groups == "name" else inner
            groups.setdefault(f"{source.folder}:{shared}", []).append(path)

    def order(path: Path) -> bytes:
        return hashlib.sha256(path.name.encode()).digest()

    return [(group, path) for group, paths in groups.items() for path in sorted(paths, key=order)[: source.most]]


def _largest_free(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """The largest of the four pieces of a picture beside, above and below the lesion's box."""
    x, y, across, along = cv2.boundingRect(mask.astype(np.uint8))
    if not across:
        return None
    left, right, top, bottom = x - _ROOM, x + across + _ROOM, y - _ROOM, y + along + _ROOM
    pieces = [image[:, : max(0, left)], image[:, right:], image[: max(0, top)], image[bottom:]]
    best = max(pieces, key=lambda piece: min(piece.shape[:2]))
    return best if min(best.shape[:2]) >= SHORTEST else None
