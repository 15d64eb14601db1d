"""The drawing of a mole over time: two aligned photos side by side, and below them plots of its marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.comparison.alignment import Outline, alignment, corners, laid_over, window
from inference.drawing.caption import typeface
from inference.photo import Photo

_SIDE: Final = 520  # pixels of each of the two pictures
_GAP: Final = 16
_PLOT: Final = 250  # height of a plot
_GROUND: Final = (255, 255, 255)
_INK: Final = (32, 38, 48)
_FAINT: Final = (112, 120, 132)
_RULE: Final = (214, 219, 226)
_FIRST: Final = (255, 190, 60)
_LAST: Final = (94, 214, 255)
_DOT: Final = (40, 108, 190)


@dataclass(frozen=True, eq=False)
class Picture:
    """A photo of the mole, its outline in shares of the photo's width and height, and the words above it."""

    photo: Photo
    outline: Outline
    title: str


@dataclass(frozen=True)
class Series:
    """A mark over time: its name, and for each photo the day, the value and one standard deviation."""

    title: str
    points: tuple[tuple[date, float, float], ...]


def side_by_side(first: Picture, last: Picture) -> Photo:
    """Two photos of one mole. The second is rotated and scaled to match the first.

    Each shows its own outline. The second also shows the first's outline, as a thin line in another colour.
    """
    edge, edge_last = corners(first.photo, first.outline), corners(last.photo, last.outline)
    matrix = alignment(edge, edge_last)
    left, top, side = window(edge)
    view = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]]) * (_SIDE / side)
    moved = view[:, :2] @ matrix
    moved[:, 2] += view[:, 2]
    size = (_SIDE, _SIDE)
    pictures = [laid_over(first.photo, view, size).pixels, laid_over(last.photo, moved, size).pixels]
    shown = edge @ view[:, :2].T + view[:, 2]
    shown_last = edge_last @ moved[:, :2].T + moved[:, 2]
    _draw(pictures[0], shown, _FIRST, 3)
    _draw(pictures[1], shown, _FIRST, 1)
    _draw(pictures[1], shown_last, _LAST, 3)
    head = 60
    sheet = Image.new("RGB", (2 * _SIDE + 3 * _GAP, _SIDE + head + _GAP), _GROUND)
    pen = ImageDraw.Draw(sheet)
    for number, (picture, title) in enumerate(zip(pictures, (first.title, last.title), strict=True)):
        x = _GAP + number * (_SIDE + _GAP)
        sheet.paste(Image.fromarray(picture), (x, head))
        pen.text((x, head / 2 + 4), title, _INK, typeface(32, True), anchor="lm")
    return Photo(np.asarray(sheet))


def plots(series: Sequence[Series], *, stacked: bool = False, width: int = 2 * _SIDE + 3 * _GAP) -> Photo:
    """Small plots: one dot for each photo, over time, with error bars of one standard deviation.

    They stand in a row. If `stacked`, each one has the whole width and large letters, for a phone.
    """
    columns, scale, height = (1, 1.8, 280) if stacked else (len(series), 1.0, _PLOT)
    sheet = Image.new("RGB", (width, height * (len(series) // columns)), _GROUND)
    pen = ImageDraw.Draw(sheet)
    room = (width - _GAP * (columns + 1)) / columns
    for number, each in enumerate(series):
        row, column = divmod(number, columns)
        _plot(pen, each, (_GAP + column * (room + _GAP), row * height, room, height), scale)
    return Photo(np.asarray(sheet))


def above(upper: Photo, lower: Photo) -> Photo:
    """One drawing above another of the same width."""
    return Photo(np.ascontiguousarray(np.vstack([upper.pixels, lower.pixels])))


def _draw(pixels: NDArray[np.uint8], edge: NDArray[np.float64], colour: tuple[int, int, int], width: int) -> None:
    line = [np.rint(edge * 8).astype(np.int32)]
    cv2.polylines(pixels, line, True, (14, 18, 26), width + 2, cv2.LINE_AA, shift=3)
    cv2.polylines(pixels, line, True, colour, width, cv2.LINE_AA, shift=3)


def _plot(pen: ImageDraw.ImageDraw, series: Series, place: tuple[float, float, float, float], scale: float) -> None:
    """Draw a plot at left, top, of a width and a height; letters and lines are `scale` times as large as usual."""
    left, above_, room, height = place
    top, bottom, inner = above_ + 52 * scale, above_ + height - 34 * scale, left + 58 * scale
    right = left + room - 10
    bold, small, pad = typeface(round(17 * scale), True), typeface(round(14 * scale), False), 5 * scale
    thick = round(2 * scale)
    pen.text((left, above_ + 22 * scale), series.title, _INK, bold, anchor="lm")
    low = min(value - spread for _, value, spread in series.points)
    high = max(value + spread for _, value, spread in series.points)
    margin = max(high - low, abs(high) * 0.1, 1e-6) * 0.15
    low, high = max(0.0, low - margin), high + margin
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (bottom - top)
        pen.line((inner, y, right, y), _RULE, 1)
        pen.text((inner - 6, y), _number(low + share * (high - low)), _FAINT, small, anchor="rm")
    first, last = series.points[0][0], series.points[-1][0]
    days = max(1, (last - first).days)
    spots = [
        (
            inner + pad + (right - inner - 2 * pad) * ((day - first).days / days if last > first else 0.5),
            bottom - (value - low) / (high - low) * (bottom - top),
            spread / (high - low) * (bottom - top),
        )
        for day, value, spread in series.points
    ]
    pen.line([(x, y) for x, y, _ in spots], (150, 178, 214), thick)
    for x, y, spread in spots:
        ends = y - spread, min(bottom, y + spread)
        pen.line((x, ends[0], x, ends[1]), _DOT, thick)
        for end in ends:
            pen.line((x - pad, end, x + pad, end), _DOT, thick)
        pen.ellipse((x - pad, y - pad, x + pad, y + pad), _DOT)
    below = bottom + 18 * scale
    pen.text((inner, below), f"{first:%d.%m.%y}", _FAINT, small, anchor="lm")
    if last > first:
        pen.text((right, below), f"{last:%d.%m.%y}", _FAINT, small, anchor="rm")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
