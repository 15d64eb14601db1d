"""Two photos of one mole are laid over each other, however the second was turned, scaled or moved."""

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.comparison.alignment import alignment, corners, laid_over, window
from inference.drawing.comparison import Picture, Series, above, plots, side_by_side
from inference.photo import Photo
from tests.bot.examinations import CORNERS
from tests.inference.pictures import skin

TURNS = np.linspace(0, 2 * np.pi, 60, endpoint=False)


def pear(scale: float = 60.0) -> NDArray[np.float64]:
    """An outline that lies in one way only."""
    radius = scale * (1 + 0.35 * np.cos(TURNS) + 0.12 * np.sin(2 * TURNS))
    return np.stack([200 + radius * np.cos(TURNS), 150 + radius * np.sin(TURNS)], axis=1)


def moved(
    outline: NDArray[np.float64], degrees: float, scale: float, shift: tuple[float, float]
) -> NDArray[np.float64]:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(scale * outline @ turn.T + shift)


@pytest.mark.parametrize("degrees", [0, 15, -40, 90, 170])
@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_a_turned_scaled_and_moved_outline_is_laid_back(degrees: float, scale: float) -> None:
    first = pear()
    second = moved(first, degrees, scale, (35.0, -12.0))
    matrix = alignment(first, second)
    back = second @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - first).max() < 6


def test_a_round_mole_is_not_turned_for_nothing() -> None:
    circle = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1) * 50 + 100
    matrix = alignment(circle, circle * 2)
    assert matrix == pytest.approx(np.array([[0.5, 0, 0], [0, 0.5, 0]]), abs=0.6)


def test_an_outline_without_an_area_cannot_be_aligned() -> None:
    with pytest.raises(ValueError, match="without an area"):
        alignment(pear(), np.zeros((5, 2)))


def test_the_second_photo_lies_over_the_first() -> None:
    first = Photo(skin(400, 300))
    second = Photo(np.ascontiguousarray(first.pixels[::2, ::2]))
    outline = tuple((float(x), float(y)) for x, y in CORNERS)
    matrix = alignment(corners(first, outline), corners(second, outline))
    over = laid_over(second, matrix, (400, 300))
    middle = np.s_[60:240, 80:320]
    assert np.abs(over.pixels[middle].astype(int) - first.pixels[middle]).mean() < 12


def test_the_window_holds_the_whole_outline() -> None:
    left, top, side = window(pear())
    assert (pear() > (left, top)).all() and (pear() < (left + side, top + side)).all()


def test_the_drawing_shows_both_photos_and_one_plot_for_each_mark() -> None:

    outline = tuple((float(x), float(y)) for x, y in CORNERS)
    pictures = [Picture(Photo(skin(*size)), outline, "1 June") for size in ((400, 300), (300, 400))]
    upper = side_by_side(*pictures)
    points = tuple((date(2026, month, 1), value, 0.2 * value) for month, value in ((1, 3.0), (4, 5.0), (9, 4.0)))
    lower = plots([Series("Area", points), Series("Asymmetry", points[:1])])
    sheet = above(upper, lower)
    assert sheet.width == upper.width == lower.width
    assert sheet.height == upper.height + lower.height
    # Something is drawn in each half of both.
    for part in (upper.pixels, lower.pixels):
        for half in np.array_split(part, 2, axis=1):
            assert half.std() > 5
