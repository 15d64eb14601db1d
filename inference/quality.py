"""Is this photo fit to be read? Size, brightness, colour of skin, sharpness.

All is measured on the photo shrunk to `WORKING_SIDE` pixels: what a 12-megapixel photo loses at pixel level
does not matter to the networks, and a threshold then means the same for every camera.

The thresholds are conservative: they refuse what nobody could read and let the doubtful pass. Measured on the 919
`val` images of HAM10000 (320 x 240), as they are and degraded; sigma and shake are pixels at 320 px width:

| photos                   | sharpness: min, 5 %, median, 95 %     | brightness: min, median, 95 %     | refused      |
| ------------------------ | ------------------------------------- | --------------------------------- | ------------ |
| as they are              | 0.217, 0.345, 0.475, 0.607            | 0.529, 0.729, 0.871               | 0            |
| half size; 4 x enlarged  | 0.216 at least                        | as above                          | 0            |
| JPEG quality 20          | 0.268, 0.373, 0.493, 0.610            | 0.533, 0.737, 0.875               | 0            |
| Gaussian blur, sigma 2   | 0.114, 0.181, 0.269, 0.372            |                                   | 9 % blurred  |
| Gaussian blur, sigma 3   | 0.076, 0.119, 0.181, 0.255            |                                   | 68 %         |
| Gaussian blur, sigma 4   | 0.058, 0.087, 0.134, 0.193            |                                   | 96 %         |
| shake of 9; 15; 25 px    | median 0.234; 0.166; 0.132            |                                   | 23; 77; 92 % |
| light x 0.5              | 0.226, 0.356, 0.484, 0.608            | 0.263, 0.365, 0.435               | 0            |
| light x 0.3              |                                       | 0.157, 0.216, 0.259               | 0.1 % dark   |
| light x 0.2              |                                       | 0.106, 0.145, 0.173               | 82 %         |
| light x 0.15             |                                       | 0.078, 0.110, 0.129               | 100 %        |

The share of skin-coloured pixels is 0.23 at least on `val` (0.77 in 99 of 100 photos) and 0.97 at least on the ten
phone photos; a page of text, a screenshot, foliage or the sky have next to none.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.analysis import Quality, Refusal
from inference.photo import Photo

MIN_SIDE: Final = 100
MIN_BRIGHTNESS: Final = 0.16
MIN_SHARPNESS: Final = 0.20
MIN_SKIN: Final = 0.10

WORKING_SIDE: Final = 320
_GRAIN: Final = 1.0  # sigma in pixels: sensor noise is no detail
_REDDER: Final = 4  # of 255; melanin and blood leave any skin, dark or light, more red than green
_REBLUR: Final = 11  # side of the box that the photo is blurred with once more


def assess(photo: Photo) -> Quality:
    """Measure a photo.

    Returns:
        `brightness` is the luma (0..1) that the brightest twentieth of the photo exceeds: a dermatoscope's black
        surround and a dark lesion that fills the frame do not count as darkness. `sharpness` (0..1) is the share
        of the luma's variation that blurring the photo once more takes away: a blurred photo has little to lose.
        It does not depend on brightness or contrast; a photo without any detail has 0. `skin` is the share of
        pixels that could be skin by their colour: more red than green, which holds for every tone of skin.
    """
    pixels = _shrunk(photo.pixels)
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    redness = pixels[..., 0].astype(np.int16) - pixels[..., 1]
    return Quality(
        width=photo.width,
        height=photo.height,
        sharpness=_sharpness(luma),
        brightness=float(np.percentile(luma, 95)) / 255.0,
        skin=float((redness > _REDDER).mean()),
    )


def refusal(quality: Quality) -> Refusal | None:
    """The first reason not to read a photo of this quality, or None."""
    if min(quality.width, quality.height) < MIN_SIDE:
        return Refusal.TOO_SMALL
    if quality.brightness < MIN_BRIGHTNESS:
        return Refusal.TOO_DARK
    if quality.skin < MIN_SKIN:
        return Refusal.NOT_SKIN
    if quality.sharpness < MIN_SHARPNESS:
        return Refusal.BLURRED
    return None


def _shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sharpness(luma: NDArray[np.float32]) -> float:
    """Crete et al., "The blur effect: perception and estimation with a new no-reference metric", SPIE 6492, 2007.

    The less sharp of the two directions counts, so that a shake along one of them shows.
    """
    if min(luma.shape) < 2:
        return 0.0
    calm = cv2.GaussianBlur(luma, (0, 0), _GRAIN)
    shares = []
    for axis, box in ((0, (1, _REBLUR)), (1, (_REBLUR, 1))):
        variation = np.abs(np.diff(calm, axis=axis))
        kept = np.abs(np.diff(cv2.blur(calm, box), axis=axis))
        lost = float(np.maximum(variation - kept, 0).sum())
        total = float(variation.sum())
        shares.append(lost / total if total > 1e-3 * luma.size else 0.0)
    return min(shares)
