"""The drawing of an explanation: the photo in grey, a heat map of what supported the answer, and the outlines."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.analysis import Analysis, Risk
from inference.drawing import words
from inference.drawing.annotate import ACCENTS, masks_of, outline_all, shrunk
from inference.drawing.caption import Scale, add_caption
from inference.photo import Photo

_GREY_SHARE: Final = 0.75  # the photo keeps only a little of its colour, so that the map's colours stand out from skin
_OPACITY: Final = 0.62  # opacity of the map where it is brightest, so that the lesion shows through everywhere
_FULL_AT: Final = 0.45  # above this heat the map gets brighter but not more opaque
_DARKEST: Final = 50  # darker colours than this, of 256, would hide the photo
_SEEN: Final = 0.35  # the caption does not cover more heat than this


def draw_heatmap(
    photo: Photo, analysis: Analysis, heat: NDArray[np.float32], options: words.CaptionOptions = words.DEFAULT_CAPTION
) -> Photo:
    """Draw on a photo what supported its class.

    The colour map is inferno (van der Walt, Smith, 2015), whose brightness rises evenly to the eye. The result has the
    same size as that of `inference.drawing.annotate`.

    Args:
        photo: the photo that was analysed.
        analysis: its analysis.
        heat: h x w, 0..1, in the photo's proportions; see `inference.pipeline.attribution`.
        options: of the caption.

    Raises:
        ValueError: the analysis is a refusal.
    """
    caption, ends = words.explanation(analysis, options), words.legend_ends(options.language)
    pixels, seen = _overlay(photo, analysis, heat)
    ramp = np.arange(256, dtype=np.uint8)[None]
    colours = _glowing(np.full((1, 256, 3), 128, np.uint8), ramp)[0]
    accent = ACCENTS[analysis.risk or Risk.LOW]
    return Photo(add_caption(pixels, seen, caption, accent, Scale(*ends, colours)))


def overlay(photo: Photo, analysis: Analysis, heat: NDArray[np.float32]) -> Photo:
    """What `draw_heatmap` draws, without the caption."""
    return Photo(_overlay(photo, analysis, heat)[0])


def _overlay(
    photo: Photo, analysis: Analysis, heat: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The photo with its heat map and outlines, and the mask of what the caption should not cover."""
    pixels, masks = shrunk(photo.pixels, masks_of(analysis))
    height, width = pixels.shape[:2]
    smooth = np.clip(cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    level = np.rint(smooth * 255).astype(np.uint8)
    pixels = _glowing(_greyed(pixels), level)
    outline_all(pixels, masks, ACCENTS[analysis.risk or Risk.LOW])
    return pixels, np.logical_or.reduce([level > _SEEN * 255, *masks])


def _greyed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(pixels, 1 - _GREY_SHARE, grey, _GREY_SHARE, 0), np.uint8)


def _glowing(pixels: NDArray[np.uint8], level: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels blended with the map's colours at `level`, H x W, 0..255."""
    steps = np.linspace(0, 1, 256)
    indices = np.rint(_DARKEST + steps * (255 - _DARKEST)).astype(np.uint8)
    colours = cv2.applyColorMap(indices, cv2.COLORMAP_INFERNO).reshape(256, 3)[:, ::-1].astype(np.float32)
    opacity = (_OPACITY * np.clip(steps / _FULL_AT, 0, 1)).astype(np.float32)[:, None]
    # A table says for each level what to add and how much of the photo to keep. It saves large arrays of floats.
    added, kept = (np.rint(colours * opacity).astype(np.uint8), np.rint((1 - opacity) * 255).astype(np.uint8))
    left = cv2.multiply(pixels, np.repeat(kept[level], 3, axis=2), scale=1 / 255)
    return np.asarray(cv2.add(left, added[level]), np.uint8)
