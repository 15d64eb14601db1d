"""The pictures to fit and compare the gate: lesions and everything else, both unchanged and changed as by phones.

Lesions of ``train`` and everyday pictures of the part ``fit`` are for fitting. Lesions of ``val`` and the part
``choose`` are for the comparison. The part ``held-out`` is not used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from inference.pipeline.orientation import canonical_orientation
from models.data.corruptions import blurred, compressed, turned
from models.data.ham10000 import CITATION, load
from models.data.pictures import Photo, ham10000_of, load_photos
from models.gate.everyday import HEALTHY, SOURCES, Everyday, gather, healthy_skin, skin_beside
from models.gate.everyday_drawn import DRAWN

Pixels = NDArray[np.uint8]

LESIONS: Final = 1000
"""Number of lesions of ``train`` to fit on, spread evenly over it."""
PHONES: Final = 1000
"""Number of close-ups by camera of ``train`` to fit on, beside all photos by phone."""
_DEBIAN: Final = ", ".join(dict.fromkeys(source.package for source in SOURCES if source.folder.startswith("/")))
_PYTHON: Final = ", ".join(dict.fromkeys(source.package for source in SOURCES if not source.folder.startswith("/")))
DATA: Final = (
    f"{CITATION}, {LESIONS:,} training and 919 validation images and skin beside their lesions; {PHONES:,} "
    "training close-ups by camera of MILK10k (MILK study team, ISIC, 2025), 621 training photos by phone of "
    "PAD-UFES-20 (Pacheco et al., Data in Brief 32:106221, 2020) and skin beside their lesions, and both sets' "
    "validation photos; everyday pictures "
    f"({', '.join(dict.fromkeys(source.kind for source in SOURCES))}) of the Debian packages {_DEBIAN} and of the "
    f"Python packages {_PYTHON}; pictures drawn by code ({', '.join(DRAWN)})"
)
"""The data of the gate, as a release states it."""
COPIES: Final = 2
"""Number of changed copies of every picture to fit on, beside the picture itself."""
NEAREST: Final = 100  # smallest frame, in pixels of 320 x 240
SMALLEST: Final = 64  # pixels; a smaller close-up shows nothing


@dataclass(frozen=True, eq=False)
class Example:
    """One picture, H x W x 3 uint8 RGB. ``kind`` is an index into ``inference.pipeline.gate.KINDS``.

    ``learnt``: whether it is for fitting; otherwise it is for the comparison. ``beyond``: whether it is a lesion of
    another set than HAM10000.
    """

    pixels: Pixels
    kind: int
    learnt: bool
    beyond: bool = False


def examples(roots: Sequence[Path], limit: int | None = None) -> Iterator[Example]:
    """All examples to fit on and to compare with. The changed copies are the same on every call.

    Args:
        roots: folders of the sets.
        limit: use only this many lesions of each set, both of ``val`` and of ``train``.

    Raises:
        DataError: data or a package with everyday pictures is missing.
    """
    chance = np.random.default_rng(0)
    root = ham10000_of(roots)
    train = load(root, "train", LESIONS if limit is None else limit)
    for image, mask in zip(train.images, train.masks, strict=True):
        yield Example(image, 0, True)
        for _ in range(COPIES):
            yield Example(changed(reframed(image, mask, chance), chance), 0, True)
    val = load(root, "val", limit)
    for image in val.images:
        yield Example(image, 0, False)
    phones = load_photos(roots, "train", PHONES if limit is None else limit).where(_by_phone)
    for photo in phones.photos:
        pixels = photo.pixels()
        yield Example(pixels, 0, True, True)
        for _ in range(COPIES):
            yield Example(changed(pixels, chance), 0, True, True)
    for photo in load_photos(roots, "val", limit).where(_beyond).photos:
        pixels = photo.pixels()
        yield Example(canonical_orientation(pixels).apply(pixels), 0, False, True)
    beside = ((photo.group, photo.pixels(), mask) for photo in phones.photos if (mask := photo.mask()) is not None)
    pictures = chain(healthy_skin(train, "fit"), skin_beside(beside), healthy_skin(val), gather())
    for picture in pictures:
        if picture.part != "held-out":
            kind = kind_of(picture)
            yield Example(picture.pixels, kind, picture.part == "fit")
            for _ in range(COPIES if picture.part == "fit" else 0):
                closer = picture.pixels if kind == 1 else close_up(picture.pixels, chance)
                yield Example(changed(closer, chance), kind, True)


def _by_phone(photo: Photo) -> bool:
    return photo.domain == "phone"


def _beyond(photo: Photo) -> bool:
    return photo.dataset != "ham10000"


def kind_of(picture: Everyday) -> int:
    """What an everyday picture shows, as an index into ``KINDS``."""
    return 1 if picture.kind in (HEALTHY, "bare skin tones") else 2


def reframed(pixels: Pixels, mask: NDArray[np.bool_], chance: Generator) -> Pixels:
    """A lesion nearer or further away, off the centre, in a frame of another shape; it is never cut off.

    Beyond the photo's edge, the frame is filled with its mirror image, which is more skin.

    Args:
        pixels: H x W x 3.
        mask: H x W, where the lesion is.
        chance: random generator.
    """
    height, width = pixels.shape[:2]
    x, y, across, along = cv2.boundingRect(mask.astype(np.uint8))
    if not across:
        x, y, across, along = 0, 0, width, height
    nearest, furthest = float(max(across, along, NEAREST)), 1.5 * max(height, width)
    long = float(np.exp(chance.uniform(np.log(nearest), np.log(furthest))))
    ratio = float(chance.choice([1, 3 / 4, 9 / 16]))
    shape = (long, long * ratio) if chance.random() < 0.5 else (long * ratio, long)
    size = np.maximum(shape, (across, along))
    middle = np.array([x + across / 2, y + along / 2]) + chance.uniform(-0.4, 0.4, 2) * (size - (across, along))
    left, top = np.rint(middle - size / 2).astype(int).tolist()
    right, bottom = np.rint(middle + size / 2).astype(int).tolist()
    above, before = max(0, -top), max(0, -left)
    wide = cv2.copyMakeBorder(
        pixels, above, max(0, bottom - height), before, max(0, right - width), cv2.BORDER_REFLECT_101
    )
    return np.asarray(wide[top + above : bottom + above, left + before : right + before], np.uint8)


def close_up(pixels: Pixels, chance: Generator) -> Pixels:
    """A piece of a picture, sometimes in the colours of skin, because fur, cloth and wood may fill a photo too."""
    height, width = (max(SMALLEST, round(side * chance.uniform(0.3, 1))) for side in pixels.shape[:2])
    top = int(chance.integers(0, max(1, pixels.shape[0] - height + 1)))
    left = int(chance.integers(0, max(1, pixels.shape[1] - width + 1)))
    piece = pixels[top : top + height, left : left + width]
    if chance.random() < 0.3:
        tone = np.array([214, 168, 146]) * chance.uniform(0.6, 1.2) + chance.normal(0, 8, 3)
        light = piece.mean(2, keepdims=True) / 160
        piece = np.clip(light * tone * 0.8 + piece * 0.2, 0, 255).astype(np.uint8)
    return piece


def changed(pixels: Pixels, chance: Generator) -> Pixels:
    """Random changes: turned, other light and colour, blurred, grainy, smaller, compressed as JPEG."""
    picture = turned(int(chance.integers(4)))(pixels)
    if chance.random() < 0.5:
        picture = picture[:, ::-1]
    values = picture * (chance.uniform(0.55, 1.15, 3) * chance.uniform(0.7, 1.4))  # lamps are redder than daylight
    grey = values.mean(2, keepdims=True)
    values = grey + (values - grey) * chance.uniform(0.5, 1.4)
    values = 255 * np.clip(values / 255, 0, 1) ** chance.uniform(0.7, 1.4)
    if chance.random() < 0.5:
        values += chance.normal(0, chance.uniform(1, 8), values.shape)
    picture = np.clip(values, 0, 255).astype(np.uint8)
    if chance.random() < 0.5:
        picture = blurred(float(chance.uniform(0.3, 1.8)))(picture)
    if chance.random() < 0.5:
        scale = float(chance.uniform(0.4, 1))
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return compressed(int(chance.integers(25, 95)))(picture) if chance.random() < 0.7 else picture
