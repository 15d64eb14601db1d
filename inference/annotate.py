"""The drawing: a photo with its lesion outlined, what lies around it veiled, and a caption."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from inference.analysis import Analysis, Risk
from inference.photo import Photo

MAX_SIDE: Final = 2560
"""Longer side of an annotated photo; no chat shows more, and a 64-megapixel one would be refused by Telegram."""

JPEG_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({"quality": 90, "subsampling": 0})
"""How an annotated photo is saved: with colour at full resolution, or the thin contour turns grey."""

_VEIL: Final = (22, 27, 36)
_VEIL_SHARE: Final = 0.42
_PLATE: Final = (14, 18, 26)
_PLATE_SHARE: Final = 0.80
_SMALLEST: Final = 7  # pixels; letters shrink to this where a single word is wider than the photo
_MOST_HIDDEN: Final = 0.005  # share of the lesion that the caption may lie on
_INK: Final = (255, 255, 255)
_FAINT_INK: Final = (206, 214, 224)
# No green: it would read as "healthy", which a triage cannot say.
_ACCENTS: Final = {Risk.LOW: (94, 214, 255), Risk.RAISED: (255, 190, 60), Risk.HIGH: (255, 92, 92)}


def annotate(photo: Photo, analysis: Analysis, caption: str) -> Photo:
    """Draw an analysis on its photo.

    The lesion's own pixels stay as they are, but for the contour's line. The caption stands in the corner farthest
    from the lesion or, where the lesion leaves no corner free, on a strip that is added below the photo. The result
    has the photo's size (and that strip), shrunk to `MAX_SIDE` pixels along the photo's longer side.

    Args:
        photo: the photo that was analysed.
        analysis: its analysis; with no lesion only the caption is drawn.
        caption: lines of text, the first one the headline; wrapped to the photo's width.
    """
    mask = analysis.lesion.mask if analysis.lesion else None
    pixels, mask = _fitted(photo.pixels, mask)
    accent = _ACCENTS[analysis.risk or Risk.LOW]
    if mask is not None and mask.any():
        pixels = _veiled(pixels, mask)
        _outline(pixels, mask, accent)
    return Photo(_captioned(pixels, mask, caption, accent))


def _fitted(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_] | None
) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    height, width = pixels.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1:
        return pixels.copy(), mask
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if mask is None:
        return small, None
    shares = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    return small, shares > 127


def _veiled(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    veil = np.full_like(pixels, _VEIL)
    mixed = cv2.addWeighted(pixels, 1 - _VEIL_SHARE, veil, _VEIL_SHARE, 0)
    mixed[mask] = pixels[mask]
    return np.asarray(mixed, np.uint8)


def _outline(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], accent: tuple[int, int, int]) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    width = max(1, round(_measure(pixels) / 170))
    # A dark line under the bright one: one of them stands out on any skin.
    cv2.polylines(pixels, contours, True, _PLATE, width + 2 * max(1, width // 2), cv2.LINE_AA)
    cv2.polylines(pixels, contours, True, accent, width, cv2.LINE_AA)


def _measure(pixels: NDArray[np.uint8]) -> float:
    """What line widths and letters are sized by: a photo's shorter side, but more of it where it is very long."""
    height, width = pixels.shape[:2]
    return float(min(height, width) * max(1.0, (max(height, width) / min(height, width) / 2) ** 0.5))


@dataclass(frozen=True)
class _Line:
    text: str
    font: ImageFont.FreeTypeFont
    ink: tuple[int, int, int]


def _captioned(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_] | None, caption: str, accent: tuple[int, int, int]
) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    size = round(max(11.0, min(0.046 * _measure(pixels), 0.12 * min(height, width))))
    gap = max(3, size // 2)
    lines = _lines(caption, size, width - 5 * gap)
    plate = _plate(lines, size, accent)
    canvas = Image.fromarray(pixels)
    corner = _free_corner((height, width), plate.size, gap, mask)
    if corner is None:
        canvas = ImageOps.expand(canvas, (0, 0, 0, plate.height), _PLATE)
        corner = (0, height)
    canvas.paste(plate, corner, plate)
    return np.array(canvas, dtype=np.uint8)


def _lines(caption: str, size: int, room: int) -> list[_Line]:
    lines: list[_Line] = []
    for number, text in enumerate(caption.splitlines()):
        headline = number == 0
        letters = size if headline else round(size * 0.82)
        # Only plain spaces break a line: a no-break space holds a number and its sign together.
        words = text.split(" ")
        while letters > _SMALLEST and max(map(_font(letters, headline).getlength, words)) > room:
            letters -= 1
        font, ink = _font(letters, headline), _INK if headline else _FAINT_INK
        line = words[0]
        for word in words[1:]:
            if font.getlength(f"{line} {word}") <= room:
                line += f" {word}"
            else:
                lines.append(_Line(line, font, ink))
                line = word
        lines.append(_Line(line, font, ink))
    return lines


def _plate(lines: list[_Line], size: int, accent: tuple[int, int, int]) -> Image.Image:
    """The caption on its plate, RGBA: a rounded dark ground, a bar in the accent colour, the text."""
    pad, bar, leading = max(3, size // 2), max(2, size // 5), round(size * 1.32)
    left = pad + bar + pad // 2
    width = left + round(max(line.font.getlength(line.text) for line in lines)) + pad
    height = leading * len(lines) + pad
    finer = 4  # Pillow draws rounded corners without smoothing
    shape = Image.new("L", (width * finer, height * finer))
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, width * finer - 1, height * finer - 1), pad * finer, 255)
    shape = shape.resize((width, height), Image.Resampling.BOX)
    plate = Image.new("RGBA", (width, height), _PLATE)
    plate.putalpha(shape.point([round(value * _PLATE_SHARE) for value in range(256)]))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((pad - bar / 2, pad * 0.7, pad + bar / 2, height - pad * 0.7), bar / 2, accent)
    for row, line in enumerate(lines):
        draw.text((left, pad / 2 + leading * (row + 0.5)), line.text, line.ink, line.font, anchor="lm")
    return plate


def _free_corner(
    shape: tuple[int, int], plate: tuple[int, int], gap: int, mask: NDArray[np.bool_] | None
) -> tuple[int, int] | None:
    """Left and top of the plate in a corner where it hides next to nothing of the lesion; None where there is none."""
    width, height = plate
    right, bottom = shape[1] - gap - width, shape[0] - gap - height
    if right < gap or bottom < gap:
        return None
    corners = [(gap, bottom), (gap, gap), (right, bottom), (right, gap)]
    if mask is None:
        return corners[0]
    hidden = {(x, y): int(np.count_nonzero(mask[y : y + height, x : x + width])) for x, y in corners}
    best = min(corners, key=lambda corner: hidden[corner])
    return best if hidden[best] <= _MOST_HIDDEN * np.count_nonzero(mask) else None


@lru_cache(maxsize=32)
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which covers Cyrillic; it comes with matplotlib, a dependency of ultralytics, not imported here."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("matplotlib is not installed: its DejaVu Sans letters the annotated photos")
    folder = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"), size)
