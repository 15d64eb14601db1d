"""A drawn body with numbered places: front and back, and enlarged below: head, hand and foot."""

from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from inference.drawing.caption import typeface
from inference.drawing.places import (
    BEHIND,
    FOOT,
    FRONT,
    HAND,
    HEAD,
    HEIGHT,
    MOLE_BADGES,
    REGION_BADGES,
    WIDTH,
    sides,
)

_FINER = 2  # Pillow draws round shapes without smoothing
_SKIN, _EDGE, _BADGE, _INK = (238, 224, 212), (150, 132, 118), (32, 92, 168), (40, 46, 56)
_HAIR, _LIP = (196, 172, 152), (206, 160, 150)
_SETS: Final = {"moles": MOLE_BADGES, "regions": REGION_BADGES}


@lru_cache(maxsize=8)
def body_picture(language: str, badges: str = "moles") -> bytes:
    """The picture as a PNG on white, with words above the figures; `badges` is "moles" or "regions"."""
    sheet, pen = _drawn("white")
    for middle, words in zip((FRONT, BEHIND), sides(language), strict=True):
        pen.text((middle * _FINER, 30 * _FINER), words, _INK, typeface(24 * _FINER, True), anchor="mm")
    for number, (x, y) in _SETS[badges].items():
        _badge(pen, x, y, number)
    return _saved(sheet.convert("RGB"))


@lru_cache(maxsize=1)
def bare_body() -> bytes:
    """The picture without words and numbers, as a PNG that is transparent around the body."""
    return _saved(_drawn((*_EDGE, 0))[0])


def _drawn(ground: str | tuple[int, int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("RGBA", (WIDTH * _FINER, HEIGHT * _FINER), ground)
    pen = ImageDraw.Draw(sheet)
    for middle in (FRONT, BEHIND):
        _figure(pen, middle)
    _head(pen, *HEAD)
    _hand(pen, *HAND)
    _foot(pen, *FOOT)
    return sheet, pen


def _saved(sheet: Image.Image) -> bytes:
    buffer = BytesIO()
    small = sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    # Pillow reduces colours with transparency by this method alone.
    method = Image.Quantize.FASTOCTREE if small.mode == "RGBA" else Image.Quantize.MEDIANCUT
    small.quantize(48, method).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _figure(pen: ImageDraw.ImageDraw, middle: int) -> None:
    limbs = [
        ((-72, 225), (-105, 320), (-130, 430), 42),
        ((72, 225), (105, 320), (130, 430), 42),
        ((-36, 430), (-40, 580), (-40, 720), 58),
        ((36, 430), (40, 580), (40, 720), 58),
    ]
    # The edge is drawn first and a little wider.
    for colour, wider in ((_EDGE, 6), (_SKIN, 0)):
        for start, joint, end, width in limbs:
            points = [(middle + x, y) for x, y in (start, joint, end)]
            _limb(pen, points, width + wider, colour)
        for side in (-1, 1):
            _disc(pen, middle + side * 133, 440, 24 + wider / 2, colour)
            _disc(pen, middle + side * 42, 735, 32 + wider / 2, colour)
        _rounded(pen, (middle - 78, 200, middle + 78, 450), wider, 42, colour)
        _rounded(pen, (middle - 24, 150, middle + 24, 215), wider, 8, colour)
        _rounded(pen, (middle - 48, 58, middle + 48, 165), wider, 46, colour)


def _head(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    for colour, wider in ((_EDGE, 6), (_SKIN, 0)):
        for side in (-1, 1):
            _oval(pen, (x + side * 84 - 16, y - 28, x + side * 84 + 16, y + 30), wider, colour)
        _rounded(pen, (x - 80, y - 108, x + 80, y + 104), wider, 78, colour)
    pen.pieslice(_scaled(x - 78, y - 106, x + 78, y + 60), 196, 344, fill=_HAIR)
    for side in (-1, 1):
        _disc(pen, x + side * 32, y - 24, 6, _EDGE)
    _limb(pen, [(x, y - 14), (x - 9, y + 20), (x + 6, y + 22)], 4, _EDGE)
    _oval(pen, (x - 26, y + 48, x + 26, y + 64), 0, _LIP)


def _hand(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    fingers = [(-48, -38, -62, -78), (-18, -48, -22, -102), (14, -48, 18, -100), (44, -36, 56, -76)]
    for colour, wider in ((_EDGE, 6), (_SKIN, 0)):
        for x1, y1, x2, y2 in fingers:
            _limb(pen, [(x + x1, y + y1), (x + x2, y + y2)], 28 + wider, colour)
        _limb(pen, [(x + 50, y + 50), (x + 98, y - 4)], 30 + wider, colour)
        _rounded(pen, (x - 62, y - 44, x + 60, y + 96), wider, 34, colour)


def _foot(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    toes = [(-42, -76, 22), (-8, -86, 16), (20, -80, 15), (44, -68, 14), (62, -48, 13)]
    for colour, wider in ((_EDGE, 6), (_SKIN, 0)):
        for dx, dy, radius in toes:
            _disc(pen, x + dx, y + dy, radius + wider / 2, colour)
        _oval(pen, (x - 70, y - 80, x + 74, y + 40), wider, colour)
        _limb(pen, [(x - 2, y - 10), (x - 10, y + 62)], 84 + wider, colour)


def _limb(pen: ImageDraw.ImageDraw, points: list[tuple[int, int]], width: float, colour: tuple[int, int, int]) -> None:
    pen.line([(x * _FINER, y * _FINER) for x, y in points], colour, round(width * _FINER), joint="curve")
    for x, y in points:
        _disc(pen, x, y, width / 2, colour)


def _rounded(
    pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], wider: int, radius: int, colour: tuple[int, int, int]
) -> None:
    edge = wider / 2
    x1, y1, x2, y2 = box
    pen.rounded_rectangle(_scaled(x1 - edge, y1 - edge, x2 + edge, y2 + edge), radius * _FINER, colour)


def _oval(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], wider: int, colour: tuple[int, int, int]) -> None:
    edge = wider / 2
    x1, y1, x2, y2 = box
    pen.ellipse(_scaled(x1 - edge, y1 - edge, x2 + edge, y2 + edge), colour)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    pen.ellipse(_scaled(x - radius, y - radius, x + radius, y + radius), colour)


def _scaled(*values: float) -> list[float]:
    return [each * _FINER for each in values]


def _badge(pen: ImageDraw.ImageDraw, x: int, y: int, number: int) -> None:
    _disc(pen, x, y, 19, _BADGE)
    pen.text((x * _FINER, y * _FINER), str(number), "white", typeface(21 * _FINER, True), anchor="mm")
