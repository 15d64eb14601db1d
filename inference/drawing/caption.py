"""The caption's box on a drawing, and its size."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

GROUND: Final = (14, 18, 26)
"""Colour of the box. White letters stay readable on it even if skin shines through."""

_FONTS: Final = Path(__file__).with_name("fonts")  # DejaVu Sans 2.37, reduced to its Latin and Cyrillic letters
_SHARE: Final = 0.80
_SMALLEST: Final = 7  # pixels; letters shrink to this if a single word is wider than the photo
_MOST_HIDDEN: Final = 0.005  # share of the important part that the box may cover
_INK: Final = (255, 255, 255)
_FAINT_INK: Final = (206, 214, 224)


@dataclass(frozen=True, eq=False)
class Scale:
    """A legend: `colours` (n x 3, uint8, RGB) in a row, with the words for its two ends."""

    low: str
    high: str
    colours: NDArray[np.uint8]


def measure(pixels: NDArray[np.uint8]) -> float:
    """The length in pixels that scales lines and letters: a photo's shorter side, or more if the photo is very long."""
    height, width = pixels.shape[:2]
    return float(min(height, width) * max(1.0, (max(height, width) / min(height, width) / 2) ** 0.5))


@dataclass(frozen=True)
class _Line:
    text: str
    font: ImageFont.FreeTypeFont
    ink: tuple[int, int, int]

    @cached_property
    def width(self) -> float:
        return self.font.getlength(self.text)


def add_caption(
    pixels: NDArray[np.uint8],
    keep_free: NDArray[np.bool_] | None,
    caption: str,
    accent: tuple[int, int, int],
    scale: Scale | None = None,
) -> NDArray[np.uint8]:
    """Draw a caption on a picture: in the corner farthest from the important part, or on a strip added below.

    Args:
        pixels: H x W x 3, uint8, RGB.
        keep_free: H x W bool, the part that the caption should not cover; None if there is none.
        caption: lines of text, wrapped to the picture's width. The first line is the headline.
        accent: colour of the bar beside the text.
        scale: a legend below the text.
    """
    height, width = pixels.shape[:2]
    size = round(max(11.0, min(0.046 * measure(pixels), 0.12 * min(height, width))))
    gap = max(3, size // 2)
    lines = _lines(caption, size, width - 5 * gap)
    box = _caption_box(lines, size, accent, scale)
    corner = _free_corner((height, width), box.size, gap, keep_free)
    strip = 0 if corner else box.height
    add_caption = np.asarray(cv2.copyMakeBorder(pixels, 0, strip, 0, 0, cv2.BORDER_CONSTANT, value=GROUND), np.uint8)
    left, top = corner or (0, height)
    under = add_caption[top : top + box.height, left : left + box.width]
    patch = Image.fromarray(under)
    patch.paste(box, (0, 0), box)
    under[:] = np.asarray(patch)
    return add_caption


def _lines(caption: str, size: int, room: int) -> list[_Line]:
    lines: list[_Line] = []
    for number, text in enumerate(caption.splitlines()):
        headline = number == 0
        ink, letters = _INK if headline else _FAINT_INK, size if headline else round(size * 0.82)
        whole = _Line(text, typeface(letters, headline), ink)
        lines += [whole] if whole.width <= room else _wrapped(text, letters, headline, ink, room)
    return lines


def _wrapped(text: str, letters: int, bold: bool, ink: tuple[int, int, int], room: int) -> list[_Line]:
    # Only plain spaces break a line: a no-break space keeps a number and its unit together.
    words = text.split(" ")
    while letters > _SMALLEST and max(map(typeface(letters, bold).getlength, words)) > room:
        letters -= 1
    font = typeface(letters, bold)
    lines = [_Line(words[0], font, ink)]
    for word in words[1:]:
        longer = _Line(f"{lines[-1].text} {word}", font, ink)
        if longer.width <= room:
            lines[-1] = longer
        else:
            lines.append(_Line(word, font, ink))
    return lines


def _caption_box(lines: list[_Line], size: int, accent: tuple[int, int, int], scale: Scale | None) -> Image.Image:
    """The caption in its box, RGBA: a rounded dark background, a bar in the accent colour, the text, the legend."""
    pad, bar, leading = max(3, size // 2), max(2, size // 5), round(size * 1.32)
    left = pad + bar + pad // 2
    legend = None if scale is None else _legend(scale, size)
    texts = [round(line.width) for line in lines]
    width = left + max(texts + ([legend.width] if legend else [])) + pad
    height = leading * (len(lines) + (legend is not None)) + pad
    box = Image.new("RGBA", (width, height), GROUND)
    box.putalpha(_rounded(width, height, pad))
    draw = ImageDraw.Draw(box)
    draw.rounded_rectangle((pad - bar / 2, pad * 0.7, pad + bar / 2, height - pad * 0.7), bar / 2, accent)
    for row, line in enumerate(lines):
        box.paste(line.ink, (left, pad // 2 + leading * row), _letters(line.text, line.font, leading))
    if legend is not None:
        box.alpha_composite(legend, (left, round(pad / 2 + leading * (len(lines) + 0.5) - legend.height / 2)))
    return box


@lru_cache(maxsize=256)
def _letters(text: str, font: ImageFont.FreeTypeFont, height: int) -> Image.Image:
    """A line of text of this height as a mask (mode L). It is cached, since the same few lines are drawn often."""
    letters = Image.new("L", (round(font.getlength(text)) + 1, height))
    ImageDraw.Draw(letters).text((0, height / 2), text, 255, font, anchor="lm")
    return letters


def _rounded(width: int, height: int, radius: int) -> Image.Image:
    """The opacity of the box's background (mode L), with rounded corners."""
    disc = _disc(radius)
    shape = Image.new("L", (width, height), round(255 * _SHARE))
    for left, x in ((0, 0), (radius, width - radius)):
        for top, y in ((0, 0), (radius, height - radius)):
            shape.paste(disc.crop((left, top, left + radius, top + radius)), (x, y))
    return shape


@lru_cache(maxsize=32)
def _disc(radius: int) -> Image.Image:
    finer = 4  # Pillow draws round shapes without smoothing
    side = 2 * radius
    disc = Image.new("L", (side * finer, side * finer))
    ImageDraw.Draw(disc).ellipse((0, 0, side * finer - 1, side * finer - 1), round(255 * _SHARE))
    return disc.resize((side, side), Image.Resampling.BOX)


def _legend(scale: Scale, size: int) -> Image.Image:
    """The legend in a row, RGBA: the word for low, the colours, the word for high."""
    font, gap, long, thick = typeface(round(size * 0.82), False), size // 2, 4 * size, max(3, size // 2)
    low, high = (round(font.getlength(text)) for text in (scale.low, scale.high))
    row = Image.new("RGBA", (low + gap + long + gap + high, round(size * 1.32)), (*_FAINT_INK, 0))
    middle = row.height / 2
    draw = ImageDraw.Draw(row)
    draw.text((0, middle), scale.low, _FAINT_INK, font, anchor="lm")
    draw.text((low + long + 2 * gap, middle), scale.high, _FAINT_INK, font, anchor="lm")
    row.paste(Image.fromarray(scale.colours[None]).resize((long, thick)), (low + gap, round(middle - thick / 2)))
    return row


def _free_corner(
    shape: tuple[int, int], box: tuple[int, int], gap: int, keep_free: NDArray[np.bool_] | None
) -> tuple[int, int] | None:
    """Left and top of the box in a corner where it hides almost nothing important; None if there is no such corner."""
    width, height = box
    right, bottom = shape[1] - gap - width, shape[0] - gap - height
    if right < gap or bottom < gap:
        return None
    corners = [(gap, bottom), (gap, gap), (right, bottom), (right, gap)]
    if keep_free is None:
        return corners[0]
    hidden = {(x, y): int(np.count_nonzero(keep_free[y : y + height, x : x + width])) for x, y in corners}
    best = min(corners, key=lambda corner: hidden[corner])
    return best if hidden[best] <= _MOST_HIDDEN * np.count_nonzero(keep_free) else None


@lru_cache(maxsize=32)
def typeface(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """The font of drawings, at a size in pixels."""
    return ImageFont.truetype(_FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"), size)
