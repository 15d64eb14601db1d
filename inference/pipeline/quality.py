"""Is this photo good enough to analyse? Measures size, brightness, skin colour, glare and sharpness.

Everything is measured on the photo shrunk to `WORKING_SIDE` pixels. The networks do not need finer detail, and a
threshold then means the same for every camera.

Measured on the 919 `val` images of HAM10000 (320 x 240), unchanged and degraded by `models.data.corruptions`. "Refused"
is the share that this measure alone refuses:

| photos                   | sharpness: min, 5 %, median, 95 % | refused |
| ------------------------ | --------------------------------- | ------- |
| as they are              | 0.217, 0.345, 0.475, 0.607        | 0.1 %   |
| size 200 px              | 0.221, 0.327, 0.458, 0.599        | 0       |
| JPEG quality 30          | 0.248, 0.369, 0.490, 0.609        | 0       |
| blur, sigma 1 px         | 0.176, 0.277, 0.396, 0.520        | 1 %     |
| blur, sigma 2 px         | 0.114, 0.181, 0.269, 0.372        | 18 %    |
| blur, sigma 3 px         | 0.076, 0.119, 0.181, 0.255        | 82 %    |
| blur, sigma 4 px         | 0.058, 0.087, 0.134, 0.193        | 98 %    |
| shake, 5 px              | 0.154, 0.248, 0.363, 0.484        | 2 %     |
| shake, 9 px              | 0.095, 0.155, 0.234, 0.329        | 39 %    |
| shake, 15 px             | 0.064, 0.107, 0.166, 0.248        | 87 %    |

| photos                   | brightness: min, median, max      | refused |
| ------------------------ | --------------------------------- | ------- |
| as they are              | 0.529, 0.729, 0.973               | 0       |
| light x 0.5              | 0.267, 0.365, 0.486               | 0       |
| light x 0.3              | 0.161, 0.220, 0.290               | 0       |
| light x 0.2              | 0.106, 0.145, 0.196               | 80 %    |
| light x 0.1              | 0.055, 0.075, 0.098               | 100 %   |

| photos                   | glare: min, median, max           | refused |
| ------------------------ | --------------------------------- | ------- |
| as they are              | 0, 0, 0.023                       | 0.1 %   |
| glare on 1 % of the area | 0.012, 0.012, 0.034               | 100 %   |
| glare on 3 %             | 0.035, 0.036, 0.058               | 100 %   |
| light x 1.15             | 0, 0, 0.683                       | 7 %     |
| light x 1.3              | 0, 0, 0.935                       | 25 %    |

The share of skin-coloured pixels is at least 0.23 on `val` (at least 0.64 in 995 of 1,000 photos) and at least 0.97 on
the ten phone photos. A page of text, a screenshot, foliage or the sky have almost none. The worst values of the phone
photos are: sharpness 0.52, brightness 0.51, glare 0. `python -m models robustness` measures how each corruption changes
the answers.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.analysis import Quality, Refusal
from inference.photo import Photo
from inference.pipeline.field_of_view import FieldOfView

# On `val` 200 x 150 pixels, which messengers send, cost 2 points of balanced accuracy, 133 x 100 cost 5, 64 x 48 13.
MIN_SIDE: Final = 100
# Light x 0.2 leaves too few levels to recognise skin. `inference.pipeline.exposure` corrects x 0.5. A higher limit
# would refuse dark skin.
MIN_BRIGHTNESS: Final = 0.16
# Blur costs balanced accuracy on `val`: 3 points at sigma 1 px, 8 at 2 px, 12 at 3 px. One photo in 919 is below this
# unchanged.
MIN_SHARPNESS: Final = 0.22
# Below every lesion in the `val` splits of the three sets (0.044 and more), since colour alone cannot decide what is
# skin.
MIN_SKIN: Final = 0.04
# Glare on the lesion costs balanced accuracy on `val`: 8 points on 0.3 % of the area, 14 on 1 %. One photo in 919 has
# more unchanged.
MAX_GLARE: Final = 0.01

WORKING_SIDE: Final = 320
_GRAIN: Final = 1.0  # sigma in pixels of the blur that removes sensor noise
_REDDER: Final = 4  # of 255; melanin and blood make any skin, dark or light, more red than green
_WHITE: Final = 250  # of 255, in every channel
_REBLUR: Final = 11  # side of the box filter that blurs the photo once more


def assess(photo: Photo, field: FieldOfView | None = None) -> Quality:
    """Measure a photo, or only its field of view, which `inference.pipeline.field_of_view` finds in the `shrunk` photo.

    Returns:
        `brightness` is the 95th percentile of the luma (0..1), so a dermatoscope's black surround or a dark lesion that
        fills the frame does not count as darkness. `sharpness` (0..1) is the share of the luma's variation that one
        more blur removes. A blurred photo has little to lose; a photo without any detail has 0. Brightness and contrast
        do not change it. `skin` is the share of pixels that could be skin by their colour: more red than green, which
        holds for every skin tone. `glare` is the share of white pixels, where a lamp's reflection or too much light has
        hidden everything.
    """
    pixels = shrunk(photo.pixels)
    inside = None if field is None else field.inside
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    red, green, blue = cv2.split(pixels)
    redder = cv2.subtract(red, green) > _REDDER  # it stops at 0
    white = cv2.min(cv2.min(red, green), blue) >= _WHITE
    return Quality(
        width=photo.width,
        height=photo.height,
        sharpness=_sharpness(luma.astype(np.float32), inside),
        brightness=_percentile(luma if inside is None else luma[inside], 0.95) / 255.0,
        skin=_share(redder, inside),
        glare=_share(white, inside),
        contrast=float(cv2.meanStdDev(luma, mask=None if inside is None else inside.astype(np.uint8))[1].item())
        / 255.0,
    )


def refusal(quality: Quality) -> Refusal | None:
    """The first reason not to read a photo of this quality, or None."""
    if min(quality.width, quality.height) < MIN_SIDE:
        return Refusal.TOO_SMALL
    if quality.brightness < MIN_BRIGHTNESS:
        return Refusal.TOO_DARK
    if quality.skin < MIN_SKIN:
        return Refusal.NOT_SKIN
    # A page of text is white too, but `NOT_SKIN` is the better answer for it.
    if quality.glare > MAX_GLARE:
        return Refusal.GLARE
    if quality.sharpness < MIN_SHARPNESS:
        return Refusal.BLURRED
    return None


def shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A photo (H x W x 3) at the size at which its quality is measured."""
    height, width = pixels.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _share(which: NDArray[np.bool_], inside: NDArray[np.bool_] | None) -> float:
    if inside is None:
        return np.count_nonzero(which) / which.size
    return float(np.count_nonzero(which & inside) / np.count_nonzero(inside))


def _percentile(values: NDArray[np.uint8], share: float) -> float:
    """The same as numpy's percentile in a fraction of the time, because it counts instead of sorting."""
    below = np.cumsum(cv2.calcHist([values], [0], None, [256], [0, 256]))
    place = share * (values.size - 1)
    low, high = (int(np.searchsorted(below, rank, side="right")) for rank in (int(place), -int(-place // 1)))
    return low + (high - low) * (place - int(place))


def _sharpness(luma: NDArray[np.float32], inside: NDArray[np.bool_] | None) -> float:
    """Crete et al., "The blur effect: perception and estimation with a new no-reference metric", SPIE 6492, 2007.

    The less sharp of the two directions counts, so that a shake along one direction is noticed.
    """
    if min(luma.shape) < 2:
        return 0.0
    seen = luma.size if inside is None else np.count_nonzero(inside)
    calm = np.asarray(cv2.GaussianBlur(luma, (0, 0), _GRAIN), np.float32)
    shares = []
    for axis, shape in ((0, (_REBLUR, 1)), (1, (1, _REBLUR))):
        # This takes half the time of OpenCV's box filter.
        blurred = np.asarray(cv2.filter2D(calm, -1, np.full(shape, 1 / _REBLUR, np.float32)), np.float32)
        variation, kept = (_variation(plane, axis) for plane in (calm, blurred))
        if inside is not None:
            part = (inside[1:] if axis == 0 else inside[:, 1:]).astype(np.float32)
            variation, kept = variation * part, kept * part
        total, left = (cv2.norm(plane, cv2.NORM_L1) for plane in (variation, kept))
        # The sum of max(a - b, 0), as half of the sum of |a - b| + a - b.
        lost = (cv2.norm(variation, kept, cv2.NORM_L1) + total - left) / 2
        shares.append(lost / total if total > 1e-3 * seen else 0.0)
    return min(shares)


def _variation(plane: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """How much each pixel differs from the one before it along an axis."""
    pair = (plane[1:], plane[:-1]) if axis == 0 else (plane[:, 1:], plane[:, :-1])
    return np.asarray(cv2.absdiff(*pair), np.float32)
