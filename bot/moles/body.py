"""A drawing of a body from the front and from behind, with numbered places."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from inference.drawing.caption import typeface

_WIDTH, _HEIGHT = 780, 800
_FINER = 2  # Pillow draws round shapes without smoothing
_SKIN, _EDGE, _BADGE, _INK = (238, 224, 212), (150, 132, 118), (32, 92, 168), (40, 46, 56)
_MIDDLES = (205, 575)  # of the two figures
# Number -> figure (0 front, 1 behind), x from its centre, y. The right arm of a person who faces us is on our left.
_BADGES = {
    1: (0, 0, 105),
    2: (0, 0, 180),
    3: (0, 0, 255),
    4: (0, 0, 355),
    5: (0, -105, 300),
    6: (0, 105, 300),
    7: (0, -38, 560),
    8: (0, 38, 560),
    9: (1, 0, 105),
    10: (1, 0, 245),
    11: (1, 0, 345),
    12: (1, 0, 425),
    13: (1, 133, 440),
    14: (1, -133, 440),
    15: (1, 42, 735),
    16: (1, -42, 735),
}


@lru_cache(maxsize=4)
def body_picture(front: str, behind: str) -> bytes:
    """The picture as a PNG, with these words above the two figures."""
    sheet = Image.new("RGB", (_WIDTH * _FINER, _HEIGHT * _FINER), "white")
    pen = ImageDraw.Draw(sheet)
    for middle in _MIDDLES:
        _figure(pen, middle)
    for middle, words in zip(_MIDDLES, (front, behind), strict=True):
        pen.text((middle * _FINER, 30 * _FINER), words, _INK, typeface(24 * _FINER, True), anchor="mm")
    for number, (figure, x, y) in _BADGES.items():
        _badge(pen, _MIDDLES[figure] + x, y, number)
    buffer = BytesIO()
    sheet.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
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
            points = [((middle + x) * _FINER, y * _FINER) for x, y in (start, joint, end)]
            pen.line(points, colour, (width + wider) * _FINER, joint="curve")
            for x, y in points:
                _disc(pen, x, y, (width + wider) / 2 * _FINER, colour)
        for side in (-1, 1):
            _disc(pen, (middle + side * 133) * _FINER, 440 * _FINER, (24 + wider / 2) * _FINER, colour)
            _disc(pen, (middle + side * 42) * _FINER, 735 * _FINER, (32 + wider / 2) * _FINER, colour)
        _rounded(pen, middle, (-78, 200, 78, 450), wider, 42, colour)
        _rounded(pen, middle, (-24, 150, 24, 215), wider, 8, colour)
        _rounded(pen, middle, (-48, 58, 48, 165), wider, 46, colour)


def _rounded(
    pen: ImageDraw.ImageDraw,
    middle: int,
    box: tuple[int, int, int, int],
    wider: int,
    radius: int,
    colour: tuple[int, int, int],
) -> None:
    edge = wider / 2
    x1, y1, x2, y2 = box
    corners = (middle + x1 - edge, y1 - edge, middle + x2 + edge, y2 + edge)
    pen.rounded_rectangle([each * _FINER for each in corners], radius * _FINER, colour)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour)


def _badge(pen: ImageDraw.ImageDraw, x: int, y: int, number: int) -> None:
    _disc(pen, x * _FINER, y * _FINER, 19 * _FINER, _BADGE)
    pen.text((x * _FINER, y * _FINER), str(number), "white", typeface(21 * _FINER, True), anchor="mm")
