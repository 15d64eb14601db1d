"""Pictures for the chat: examples side by side, and how to hold the phone. Each is a JPEG of less than 100 kB."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from bot.guidance.examples import Example, example
from inference.drawing.caption import typeface

Captions = tuple[tuple[Example, str], ...]
"""Examples, each with the words below it."""

_WIDTH: Final = 800
_GAP: Final = 20
_ROOM: Final = 78  # for the words below an example, two lines
_INK, _GROUND = (40, 46, 56), (255, 255, 255)
_GOOD, _BAD = (34, 138, 72), (196, 48, 48)
_SKIN, _EDGE, _MOLE = (238, 208, 186), (170, 130, 108), (110, 68, 46)
_FINER: Final = 2  # Pillow draws round shapes without smoothing


@lru_cache(maxsize=32)
def sheet(captions: Captions) -> bytes:
    """Examples in two columns, the good one green, the others red."""
    width = (_WIDTH - 3 * _GAP) // 2
    height = width * 3 // 4
    rows = (len(captions) + 1) // 2
    picture = Image.new("RGB", (_WIDTH, _GAP + rows * (height + _ROOM)), _GROUND)
    for number, (which, words) in enumerate(captions):
        left, top = _GAP + number % 2 * (width + _GAP), _GAP + number // 2 * (height + _ROOM)
        picture.paste(example(which).resize((width, height), Image.Resampling.LANCZOS), (left, top))
        _frame(picture, (left, top, left + width, top + height), good=which is Example.GOOD)
        _words(picture, words, left + width // 2, top + height + 8, width)
    return _jpeg(picture)


@lru_cache(maxsize=4)
def holding(distance: str, light: str, focus: str) -> bytes:
    """A phone above an arm, seen from the side, with words at its distance, the light and where to tap."""
    picture = Image.new("RGB", (_WIDTH * _FINER, 520 * _FINER), (246, 248, 251))
    pen = ImageDraw.Draw(picture)

    def scaled(*points: int) -> list[int]:
        return [each * _FINER for each in points]

    pen.polygon(scaled(60, 0, 200, 0, 420, 400, 250, 400), fill=(255, 244, 204))
    pen.rounded_rectangle(scaled(-60, 400, 860, 640), 70 * _FINER, fill=_SKIN, outline=_EDGE, width=4 * _FINER)
    pen.ellipse(scaled(352, 388, 448, 420), fill=_MOLE)
    pen.rounded_rectangle(scaled(250, 150, 550, 182), 14 * _FINER, fill=(52, 58, 70))
    pen.rectangle(scaled(388, 178, 412, 190), fill=(24, 28, 36))
    for x, y in ((396, 196), (404, 196)):
        pen.line(scaled(x, y, 400 + 11 * (x - 400), 384), fill=(150, 160, 176), width=2 * _FINER)
    pen.line(scaled(590, 190, 590, 392), fill=_GOOD, width=5 * _FINER)
    for y, towards in ((190, 16), (392, -16)):
        pen.polygon(scaled(590, y, 578, y + towards, 602, y + towards), fill=_GOOD)
    pen.text((612 * _FINER, 290 * _FINER), distance, _GOOD, typeface(32 * _FINER, True), anchor="lm")
    pen.text((30 * _FINER, 40 * _FINER), light, _INK, typeface(26 * _FINER, False))
    pen.text((400 * _FINER, 470 * _FINER), focus, _INK, typeface(26 * _FINER, False), anchor="mm")
    return _jpeg(picture.resize((_WIDTH, 520), Image.Resampling.LANCZOS))


def _frame(picture: Image.Image, box: tuple[int, int, int, int], *, good: bool) -> None:
    """A coloured frame with a tick or a cross in its corner."""
    colour = _GOOD if good else _BAD
    pen = ImageDraw.Draw(picture)
    pen.rectangle(box, outline=colour, width=6)
    x, y = box[0] + 38, box[1] + 38
    pen.ellipse((x - 24, y - 24, x + 24, y + 24), fill=colour, outline="white", width=3)
    strokes: Sequence[Sequence[tuple[int, int]]] = (
        [[(x - 12, y), (x - 4, y + 10), (x + 12, y - 9)]]
        if good
        else [[(x - 9, y - 9), (x + 9, y + 9)], [(x - 9, y + 9), (x + 9, y - 9)]]
    )
    for stroke in strokes:
        pen.line(list(stroke), fill="white", width=6, joint="curve")


def _words(picture: Image.Image, words: str, middle: int, top: int, width: int) -> None:
    """Words in at most two lines."""
    face, pen = typeface(24, False), ImageDraw.Draw(picture)
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font=face) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    for number, line in enumerate(lines[:2]):
        pen.text((middle, top + 29 * number), line, _INK, face, anchor="ma")


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=75, optimize=True)
    return buffer.getvalue()
