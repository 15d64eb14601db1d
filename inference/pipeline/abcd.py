"""The ABCD measures of an outlined lesion: asymmetry, border, colours, diameter.

The measures are those of the ABCD rule: Stolz et al., "ABCD rule of dermatoscopy: a new practical method for early
recognition of malignant melanoma", European Journal of Dermatology 4:521, 1994; Nachbar et al., "The ABCD rule of
dermatoscopy", Journal of the American Academy of Dermatology 30:551, 1994. Each function says how it measures. There is
no score and no verdict, because the rule's points and weights are for a trained eye.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_cie76, rgb2lab
from skimage.filters import gaussian
from skimage.measure import find_contours, label, regionprops
from skimage.transform import SimilarityTransform, warp

from inference.analysis import Abcd, Colour
from inference.photo import Photo

REFERENCES: Final[Mapping[Colour, tuple[int, int, int]]] = MappingProxyType(
    {
        Colour.WHITE: (236, 228, 224),
        Colour.RED: (190, 45, 60),
        Colour.LIGHT_BROWN: (172, 112, 74),
        Colour.DARK_BROWN: (98, 56, 40),
        Colour.BLUE_GREY: (108, 116, 138),
        Colour.BLACK: (34, 28, 30),
    }
)
"""The rule's six colours in sRGB. The rule gives only their names; the values are our choice."""

SMALLEST_SHARE: Final = 0.05
"""A colour counts if it covers at least this share of the lesion."""

_SIDE: Final = 256  # pixels; a lesion is scaled to this longer side, so that no measure depends on the photo's size
_GRAIN: Final = (1.5, 6.0)  # of these pixels; least and most smoothing of an outline, against the mask's grid
_FOLDED: Final = 129  # pixels; side of the lesion when it is folded
_TURN: Final = 3  # degrees between the folding axes that are tried
_FINE_TURNS: Final = (-1.0, -0.5, 0.5, 1.0)  # degrees; tried around the best of these
_AROUND: Final = 0.15  # width of the strip of skin around a lesion, as a share of the lesion's longer side
_FRAME: Final = 0.005  # as a share of the photo's side: a lesion so near to the edge counts as cut off

Mask = NDArray[np.bool_]


def measure(photo: Photo, mask: Mask) -> Abcd:
    """Measure a lesion: its largest piece, with holes filled.

    Args:
        photo: the photo.
        mask: H x W bool, the photo's size; where the lesion is.

    Raises:
        ValueError: the mask is empty.
    """
    if not mask.any():
        raise ValueError("there is no lesion to measure")
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    longer = int(max(np.ptp(rows), np.ptp(columns))) + 1
    strip = int(np.ceil(longer * _AROUND))
    top, left = max(0, rows[0] - strip), max(0, columns[0] - strip)
    window = np.s_[top : rows[-1] + strip + 1, left : columns[-1] + strip + 1]
    scale = _SIDE / longer
    inside = _scaled(mask[window].astype(np.float32), scale)
    piece = _largest_piece(inside >= min(0.5, inside.max()))
    around = inside == 0
    region = regionprops(piece.astype(np.uint8))[0]
    diagonal = float(np.hypot(*mask.shape))
    return Abcd(
        asymmetry=_asymmetry(piece, region.centroid, region.orientation),
        border=_border(piece, grain=float(np.clip(scale, *_GRAIN))),
        colours=_colours(_scaled(photo.pixels[window], scale), piece, around),
        diameter=min(1.0, float(region.feret_diameter_max) / scale / diagonal),
        cut_off=_reaches_the_edge(mask),
    )


def _scaled(picture: NDArray[np.uint8] | NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(resized, np.float32)


def _largest_piece(mask: Mask) -> Mask:
    pieces = regionprops(label(mask))
    largest = max(pieces, key=lambda piece: float(piece.area))
    found = np.zeros_like(mask)
    found[largest.slice] = largest.image_filled
    return found


def _asymmetry(piece: Mask, centre: tuple[float, float], orientation: float) -> float:
    """Share of the lesion without a counterpart when it is folded; the mean of two axes at right angles.

    The axes run through the centre of gravity. They start as the principal axes and are turned to where the share is
    lowest, as in the rule, because the principal axes of a round lesion are arbitrary.
    """
    row, column = centre
    middle = (_FOLDED - 1) / 2
    # Large enough for every corner, however the lesion is turned.
    reach = float(np.hypot(*(np.max(np.abs(np.argwhere(piece) - (row, column)), axis=0) + 1)))
    centred = SimilarityTransform(translation=(-middle, -middle)) + SimilarityTransform(scale=reach / middle)

    def without_counterpart(degrees: float) -> float:
        angle = np.deg2rad(degrees) - orientation
        turned = centred + SimilarityTransform(rotation=angle, translation=(column, row))
        lesion = warp(piece.astype(np.float32), turned, output_shape=(_FOLDED, _FOLDED), order=1)
        shared = [np.minimum(lesion, np.flip(lesion, axis)).sum() / lesion.sum() for axis in (0, 1)]
        return max(0.0, 1 - float(np.mean(shared)))

    figures = {degrees: without_counterpart(degrees) for degrees in range(0, 90, _TURN)}
    best = min(figures, key=figures.__getitem__)
    return min(figures[best], *(without_counterpart(best + step) for step in _FINE_TURNS))


def _border(piece: Mask, grain: float) -> float:
    """Compactness: perimeter squared over 4 pi times the area. It is 1 for a disc, and more for long or ragged shapes.

    `grain` is the side of the mask's own pixels. Finer details are smoothed away.
    """
    smooth = gaussian(np.pad(piece, round(4 * grain)).astype(np.float32), grain)
    outline = max(find_contours(smooth, min(0.5, smooth.max() / 2)), key=len)
    steps = np.diff(outline, axis=0)
    perimeter = np.hypot(steps[:, 0], steps[:, 1]).sum()
    (x, y), (dx, dy) = outline[:-1].T, steps.T
    area = abs(np.sum(x * dy - y * dx)) / 2  # the shoelace formula
    return max(1.0, float(perimeter**2 / (4 * np.pi * area)))


def _colours(pixels: NDArray[np.float32], piece: Mask, around: Mask) -> tuple[Colour, ...]:
    """The rule's colours that cover enough of the lesion, the largest area first.

    Each pixel gets the nearest reference colour in CIELAB. The skin around the lesion is a reference too, if there is
    any. Pixels that look like it count for no colour. So white is whiter than this skin, as in the rule.
    """
    lab = rgb2lab(pixels / 255)
    references = list(rgb2lab(np.array([[*REFERENCES.values()]], np.float32) / 255)[0])
    if around.any():
        references.append(np.median(lab[around], axis=0))
    distances = deltaE_cie76(lab[piece][:, None], np.array(references)[None])
    shares = np.bincount(distances.argmin(1), minlength=len(references)) / piece.sum()
    found = [(float(share), colour) for colour, share in zip(Colour, shares, strict=False) if share >= SMALLEST_SHARE]
    return tuple(colour for _, colour in sorted(found, reverse=True))


def _reaches_the_edge(mask: Mask) -> bool:
    edges = []
    for picture in (mask, mask.T):
        near = max(1, round(_FRAME * len(picture)))
        edges += [picture[:near], picture[-near:]]
    return any(bool(edge.any()) for edge in edges)
