"""Small pictures side by side, each with its number: what a page of results looked like."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from inference.drawing.caption import typeface

_SIDE, _GAP = 220, 10
_GROUND, _EMPTY, _BADGE = (255, 255, 255), (226, 230, 236), (32, 92, 168)


def strip(pictures: Sequence[bytes | None], first: int) -> bytes:
    """JPEGs cut to squares, as one JPEG; None where there is no picture. The first is number `first`. Blocking."""
    sheet = Image.new("RGB", (_GAP + len(pictures) * (_SIDE + _GAP), _SIDE + 2 * _GAP), _GROUND)
    pen = ImageDraw.Draw(sheet)
    for place, content in enumerate(pictures):
        left = _GAP + place * (_SIDE + _GAP)
        tile = _tile(content) if content is not None else None
        if tile is None:
            pen.rectangle((left, _GAP, left + _SIDE, _GAP + _SIDE), fill=_EMPTY)
            pen.text((left + _SIDE // 2, _GAP + _SIDE // 2), "–", (120, 128, 140), typeface(48, False), anchor="mm")
        else:
            sheet.paste(tile, (left, _GAP))
        x, y = left + 30, _GAP + 30
        pen.ellipse((x - 24, y - 24, x + 24, y + 24), fill=_BADGE, outline="white", width=3)
        number = str(first + place)
        pen.text((x, y), number, "white", typeface(28 if len(number) < 3 else 20, True), anchor="mm")
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _tile(content: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
            # Decoded no larger than needed.
            picture.draft("RGB", (_SIDE * 2, _SIDE * 2))
            return ImageOps.fit(picture.convert("RGB"), (_SIDE, _SIDE), Image.Resampling.LANCZOS)
    except OSError:
        return None
