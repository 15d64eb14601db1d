"""The annotated photo: its lesions are outlined, their surroundings are dimmed, and there is a caption."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.analysis import Analysis, Risk
from inference.drawing.caption import GROUND, add_caption, measure, typeface
from inference.drawing.words import DEFAULT_CAPTION, CaptionOptions, caption
from inference.photo import Photo

MAX_SIDE: Final = 2560
"""Longer side of an annotated photo in pixels. No chat shows more, and Telegram refuses a photo of 64 megapixels."""

PAGE_SIDE: Final = 1000
"""Longer side of a picture in a report, in pixels. A printed page shows three of them side by side."""

_JPEG_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({"quality": 90, "subsampling": 0})
"""How an annotated photo is saved. Colour has full resolution; otherwise the thin outline turns grey."""

_SMOOTHED: Final = 1 / 80  # standard deviation of the smoothing, as a share of an outline's length
_POINTS: Final = 400  # minimum number of points of a drawn outline
_SHIFT: Final = 4  # fractional bits of its coordinates

_DIM_COLOUR: Final = (22, 27, 36)
_DIM_SHARE: Final = 0.42
_DIMMED: Final = np.rint(np.arange(256)[None, :, None] * (1 - _DIM_SHARE) + np.array(_DIM_COLOUR) * _DIM_SHARE).astype(
    np.uint8
)  # 1 x 256 x 3: what each value becomes when it is dimmed
# No green: people would read it as "healthy", which a triage cannot say.
ACCENTS: Final = MappingProxyType({Risk.LOW: (94, 214, 255), Risk.RAISED: (255, 190, 60), Risk.HIGH: (255, 92, 92)})
"""Colour of the outline and of the caption's bar, by risk."""


def annotate(photo: Photo, analysis: Analysis, options: CaptionOptions = DEFAULT_CAPTION) -> Photo:
    """Draw an analysis on its photo.

    The lesions' own pixels stay unchanged, except for the outlines. Several lesions are numbered; the one that is
    answered is number 1. The caption is in the corner farthest from them. If they leave no corner free, the caption is
    on a strip that is added below the photo. The result has the photo's size (and that strip), shrunk to `MAX_SIDE`
    pixels along the photo's longer side.

    Args:
        photo: the photo that was analysed.
        analysis: its analysis. Without a lesion only the caption is drawn.
        options: of the caption.

    Raises:
        ValueError: the analysis is a refusal.
    """
    pixels, masks = shrunk(photo.pixels, masks_of(analysis))
    accent = ACCENTS[options.risk(analysis)]
    seen = np.logical_or.reduce(masks) if masks else None
    if seen is not None and seen.any():
        pixels = _dimmed(pixels, seen)
        outline_all(pixels, masks, accent)
    return Photo(add_caption(pixels, seen, caption(analysis, options), accent))


def outlined(photo: Photo, analysis: Analysis) -> Photo:
    """A photo with the outlines of its lesions and nothing else, shrunk like `annotate`'s."""
    pixels, masks = shrunk(photo.pixels, masks_of(analysis))
    outline_all(pixels, masks, ACCENTS[analysis.risk or Risk.LOW])
    return Photo(pixels)


def reduced(photo: Photo) -> Photo:
    """A photo or drawing shrunk for a page: at most `PAGE_SIDE` pixels along its longer side."""
    scale = PAGE_SIDE / max(photo.width, photo.height)
    if scale >= 1:
        return photo
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    return Photo(np.asarray(cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA), np.uint8))


def jpeg(drawing: Photo) -> bytes:
    """A drawing as the bytes of a JPEG file."""
    buffer = BytesIO()
    Image.fromarray(drawing.pixels).save(buffer, "JPEG", **_JPEG_OPTIONS)
    return buffer.getvalue()


def masks_of(analysis: Analysis) -> list[NDArray[np.bool_]]:
    """The masks of all lesions, each H x W, the one that is answered first."""
    lesions = (analysis.lesion, *analysis.more_lesions)
    return [lesion.mask for lesion in lesions if lesion is not None and lesion.mask.any()]


def shrunk(
    pixels: NDArray[np.uint8], masks: Sequence[NDArray[np.bool_]]
) -> tuple[NDArray[np.uint8], list[NDArray[np.bool_]]]:
    """A copy of a photo's pixels and its masks, all shrunk to `MAX_SIDE` where they are larger."""
    height, width = pixels.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1:
        return pixels.copy(), list(masks)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    shares = [cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) for mask in masks]
    return small, [share > 127 for share in shares]


def _dimmed(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.asarray(cv2.copyTo(pixels, mask.view(np.uint8), cv2.LUT(pixels, _DIMMED)), np.uint8)


def outline_all(pixels: NDArray[np.uint8], masks: Sequence[NDArray[np.bool_]], accent: tuple[int, int, int]) -> None:
    """Draw the outlines of all lesions, numbered from 1 where there are several."""
    for mask in masks:
        outline(pixels, mask, accent)
    if len(masks) > 1:
        picture = Image.fromarray(pixels)
        for number, mask in enumerate(masks, 1):
            _number(picture, mask, str(number), accent)
        pixels[:] = np.asarray(picture)


def _number(picture: Image.Image, mask: NDArray[np.bool_], number: str, accent: tuple[int, int, int]) -> None:
    """Draw a number on a disc at the upper right of a lesion, inside of the picture."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    radius = max(7, round(min(picture.size) / 32))
    x = min(int(columns[-1]) + radius, picture.width - radius)
    y = max(int(rows[0]) - radius, radius)
    draw = ImageDraw.Draw(picture)
    draw.circle((x, y), radius, fill=GROUND, outline=accent, width=max(1, radius // 6))
    draw.text((x, y), number, accent, typeface(round(radius * 1.3), True), anchor="mm")


def outline(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], accent: tuple[int, int, int]) -> None:
    """Draw the smooth outline of a mask on a picture, just outside of the mask, so that the lesion stays visible."""
    width = max(1, round(measure(pixels) / 240))
    dark = width + 2 * max(1, width // 2)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (dark, dark))
    edges, _ = cv2.findContours(cv2.dilate(mask.view(np.uint8), around), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contours = [np.rint(_smoothed(edge[:, 0]) * 2**_SHIFT).astype(np.int32) for edge in edges]
    # A dark line lies under the bright one, so that one of them stands out on any skin.
    for colour, thickness in ((GROUND, dark), (accent, width)):
        cv2.polylines(pixels, contours, True, colour, thickness, cv2.LINE_AA, _SHIFT)


def _smoothed(edge: NDArray[Any]) -> NDArray[np.float64]:
    """A closed outline, N x 2 in pixels, without the steps of the pixel grid."""
    # Multiplying the Fourier coefficients by a Gaussian smooths the closed line with a Gaussian.
    frequencies = np.fft.fft(edge[:, 0] + 1j * edge[:, 1])
    kept = np.exp(-2 * (np.pi * _SMOOTHED * len(edge) * np.fft.fftfreq(len(edge))) ** 2)
    smooth = np.fft.ifft(frequencies * kept)[:: max(1, len(edge) // _POINTS)]
    return np.stack([smooth.real, smooth.imag], axis=1)
