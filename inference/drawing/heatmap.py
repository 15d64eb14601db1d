"""The drawing of an explanation: the photo in grey, what spoke for the answer glowing on it, the lesion outlined."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.analysis import Analysis, Risk
from inference.drawing import words
from inference.drawing.annotate import ACCENTS, outline, shrunk
from inference.drawing.caption import Scale, add_caption
from inference.photo import Photo

_GREY_SHARE: Final = 0.75  # the photo keeps a little of its colour; with all of it, skin drowns the map's
_OPACITY: Final = 0.62  # of the map where it is brightest: the lesion shows through everywhere
_FULL_AT: Final = 0.45  # heat from which on the map is no more opaque, only brighter
_DARKEST: Final = 50  # colours below this, of 256, are so dark that they would hide the photo
_SEEN: Final = 0.35  # heat that the caption leaves free


def draw_heatmap(
    photo: Photo, analysis: Analysis, heat: NDArray[np.float32], options: words.CaptionOptions = words.DEFAULT_CAPTION
) -> Photo:
    """Draw what spoke for an analysis' class on its photo.

    Colours are those of inferno (van der Walt, Smith, 2015), which get evenly brighter to the eye. The result has the
    photo's size, as `inference.drawing.annotate` makes it.

    Args:
        photo: the photo that was analysed.
        analysis: its analysis.
        heat: h x w, 0..1, in the photo's proportions; see `inference.pipeline.attribution`.
        options: what is written on the picture.

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
    """What `draw_heatmap` draws, without its words."""
    return Photo(_overlay(photo, analysis, heat)[0])


def _overlay(
    photo: Photo, analysis: Analysis, heat: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The photo with its heat and outline, and where in it there is something to be seen."""
    pixels, mask = shrunk(photo.pixels, analysis.lesion.mask if analysis.lesion else None)
    height, width = pixels.shape[:2]
    smooth = np.clip(cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    level = np.rint(smooth * 255).astype(np.uint8)
    pixels = _glowing(_greyed(pixels), level)
    seen = level > _SEEN * 255
    if mask is not None and mask.any():
        outline(pixels, mask, ACCENTS[analysis.risk or Risk.LOW])
        seen |= mask
    return pixels, seen


def _greyed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(pixels, 1 - _GREY_SHARE, grey, _GREY_SHARE, 0), np.uint8)


def _glowing(pixels: NDArray[np.uint8], level: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels under the map's colours at `level`, H x W, 0..255."""
    steps = np.linspace(0, 1, 256)
    indices = np.rint(_DARKEST + steps * (255 - _DARKEST)).astype(np.uint8)
    colours = cv2.applyColorMap(indices, cv2.COLORMAP_INFERNO).reshape(256, 3)[:, ::-1].astype(np.float32)
    opacity = (_OPACITY * np.clip(steps / _FULL_AT, 0, 1)).astype(np.float32)[:, None]
    # A table of what each level adds and of what it leaves of the photo: no large arrays of floats.
    added, kept = (np.rint(colours * opacity).astype(np.uint8), np.rint((1 - opacity) * 255).astype(np.uint8))
    left = cv2.multiply(pixels, np.repeat(kept[level], 3, axis=2), scale=1 / 255)
    return np.asarray(cv2.add(left, added[level]), np.uint8)
