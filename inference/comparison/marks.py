"""The marks of a mole that can be compared between photos, each with its error.

The error is the standard deviation over the photo's eight turned and mirrored copies, each of which is outlined
separately. A mole does not change when the photo is turned, so the differences are measurement noise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_cie76, rgb2lab

from inference.photo import Photo
from inference.pipeline.abcd import measure

Mask = NDArray[np.bool_]

_LONGER_SIDE: Final = 640  # pixels; colours are measured on a photo of this longer side
_GAP: Final = 0.06  # gap between a mole and the skin it is compared with, as a share of the mole's longer side
_STRIP: Final = 0.20  # width of the strip of skin, as a share of the same side
_CORNERS: Final = 120  # maximum number of points of a stored outline


@dataclass(frozen=True)
class Estimate:
    """A measure and its error, one standard deviation."""

    value: float
    error: float


@dataclass(frozen=True)
class Marks:
    """The marks of a mole in one photo.

    `area`: share of the photo that the mole covers, 0..1. `length`: its longest diameter as a share of the photo's
    diagonal. Both depend on the distance from which the photo was taken. `asymmetry`: as in `Abcd`. `contrast`:
    distance between the median colours of the mole and of the skin around it, in CIELAB (CIE 1976). `outline`: x and y
    of its corners as shares of the photo's width and height.
    """

    area: Estimate
    length: Estimate
    asymmetry: Estimate
    contrast: Estimate
    outline: tuple[tuple[float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Marks":
        """The marks from the result of `to_json`. Raises KeyError or TypeError for anything else."""
        measured = {name: Estimate(**kept[name]) for name in ("area", "length", "asymmetry", "contrast")}
        return cls(**measured, outline=tuple((x, y) for x, y in kept["outline"]))


def mark(photo: Photo, mask: Mask, outlines_of_copies: Callable[[Photo], Sequence[Mask]]) -> Marks:
    """Measure a mole in a photo.

    Args:
        photo: the photo.
        mask: H x W bool, the photo's size; the mole as the analysis outlined it.
        outlines_of_copies: returns the mole's mask in each turned and mirrored copy, turned back.

    Raises:
        ValueError: the mask is empty.
    """
    copies = [each for each in outlines_of_copies(photo) if each.any()]
    small, scale = _shrunk(photo)
    found = [_measured(small, _resized(each, scale, small)) for each in (mask, *copies)]
    answered, spread = found[0], np.std(np.array(found), axis=0)
    area, length, asymmetry, contrast = map(Estimate, answered, spread.tolist())
    return Marks(area, length, asymmetry, contrast, _outline(mask))


def _measured(photo: Photo, mask: Mask) -> tuple[float, float, float, float]:
    shape = measure(photo, mask)
    return float(mask.mean()), shape.diameter, shape.asymmetry, _contrast(photo.pixels, mask)


def _shrunk(photo: Photo) -> tuple[Photo, float]:
    scale = min(1.0, _LONGER_SIDE / max(photo.width, photo.height))
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    return Photo(np.asarray(cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)), scale


def _resized(mask: Mask, scale: float, photo: Photo) -> Mask:
    if scale == 1:
        return mask
    size = photo.width, photo.height
    shares = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    # A mole of a few pixels may vanish when the mask is shrunk.
    return np.asarray(shares >= min(128, int(shares.max())))


def _contrast(pixels: NDArray[np.uint8], mask: Mask) -> float:
    """Distance in CIELAB between a mole's colour and that of the skin around it; 0 if no skin is visible."""
    rows, columns = np.nonzero(mask)
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    inner, outer = (_grown(mask, round(longer * share)) for share in (_GAP, _GAP + _STRIP))
    around = outer & ~inner
    if not around.any():
        return 0.0
    lab = rgb2lab(pixels)
    return float(deltaE_cie76(np.median(lab[mask], axis=0), np.median(lab[around], axis=0)))


def _grown(mask: Mask, radius: int) -> Mask:
    side = 2 * max(1, radius) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc), np.uint8) > 0


def _outline(mask: Mask) -> tuple[tuple[float, float], ...]:
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = max(edges, key=cv2.contourArea)[:, 0]
    corners = edge[:: max(1, -(-len(edge) // _CORNERS))]
    height, width = mask.shape
    return tuple((round((x + 0.5) / width, 5), round((y + 0.5) / height, 5)) for x, y in corners.tolist())
