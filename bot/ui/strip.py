"""Small pictures of a page of results, three in a row, each with its number."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from inference.drawing.caption import typeface

_SIDE, _GAP, _IN_A_ROW = 320, 12, 3
_GROUND, _EMPTY, _BADGE = (255, 255, 255), (226, 230, 236), (32, 92, 168)


def strip(pictures: Sequence[bytes | None], first: int) -> bytes:
    """Join JPEGs, cut to squares, into one; None leaves a gap. The first has the number `first`. Blocking."""
    columns, step = min(len(pictures), _IN_A_ROW), _SIDE + _GAP
    sheet = Image.new("RGB", (_GAP + columns * step, _GAP - len(pictures) // -columns * step), _GROUND)
    pen = ImageDraw.Draw(sheet)
    for place, content in enumerate(pictures):
        left, top = _GAP + place % columns * step, _GAP + place // columns * step
        tile = _tile(content) if content is not None else None
        if tile is None:
            pen.rectangle((left, top, left + _SIDE, top + _SIDE), fill=_EMPTY)
            pen.text((left + _SIDE // 2, top + _SIDE // 2), "–", (120, 128, 140), typeface(48, False), anchor="mm")
        else:
            sheet.paste(tile, (left, top))
        x, y = left + 36, top + 36
        pen.ellipse((x - 30, y - 30, x + 30, y + 30), fill=_BADGE, outline="white", width=3)
        number = str(first + place)
        pen.text((x, y), number, "white", typeface(36 if len(number) < 3 else 26, True), anchor="mm")
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
