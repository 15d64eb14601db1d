"""abcd: drawn shapes of known symmetry, border, colours and size measure as they must."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import Abcd, Colour
from inference.photo import Photo
from inference.pipeline.abcd import REFERENCES, measure

SKIN = (214, 168, 146)
SHAPES = ("disc", "ellipse", "half-moon", "l-shape", "star")


def drawn(shape: str, side: int = 400, turned: float = 0.0) -> NDArray[np.bool_]:
    """A shape in the middle of a square picture, turned by degrees."""
    centre = np.array([side / 2, side / 2])
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], 1)
    outline = {
        "disc": circle,
        "ellipse": circle * (1, 0.6),
        "half-moon": circle[:361],
        "l-shape": np.array([(-0.6, -0.9), (-0.2, -0.9), (-0.2, 0.2), (0.7, 0.2), (0.7, 0.6), (-0.6, 0.6)]),
        "star": circle * (1 + 0.25 * np.cos(8 * angles))[:, None] * 0.8,
    }[shape]
    sine, cosine = np.sin(np.deg2rad(turned)), np.cos(np.deg2rad(turned))
    points = outline @ np.array([[cosine, -sine], [sine, cosine]]) * side * 0.3 + centre
    picture = np.zeros((side, side), np.uint8)
    cv2.fillPoly(picture, [np.rint(points).astype(np.int32)], 1)
    return picture > 0


def painted(mask: NDArray[np.bool_], *colours: tuple[int, int, int]) -> Photo:
    """Skin with the lesion in stripes of these colours, of equal width."""
    pixels = np.full((*mask.shape, 3), SKIN, np.uint8)
    columns = np.flatnonzero(mask.any(0))
    for stripe, colour in zip(np.array_split(columns, len(colours)), colours, strict=True):
        pixels[:, stripe] = np.where(mask[:, stripe, None], np.array(colour, np.uint8), pixels[:, stripe])
    return Photo(pixels)


def of(mask: NDArray[np.bool_]) -> Abcd:
    return measure(painted(mask, REFERENCES[Colour.DARK_BROWN]), mask)


def test_a_disc_is_symmetric_compact_of_one_colour_and_as_wide_as_it_is() -> None:
    found = of(drawn("disc"))
    assert found.asymmetry < 0.01
    assert found.border == pytest.approx(1, abs=0.01)
    assert found.colours == (Colour.DARK_BROWN,)
    assert found.diameter == pytest.approx(240 / np.hypot(400, 400), rel=0.02)
    assert not found.cut_off


def test_asymmetry_tells_shapes_apart() -> None:
    figures = {shape: of(drawn(shape)).asymmetry for shape in SHAPES}
    assert figures["ellipse"] < 0.01 and figures["star"] < 0.02, "both fold onto themselves"
    assert figures["half-moon"] > 0.05 and figures["l-shape"] > 0.1
    # A half-disc folds onto itself along its axis, and not across it.
    assert figures["half-moon"] == pytest.approx(half_disc_without_counterpart() / 2, abs=0.02)


def half_disc_without_counterpart() -> float:
    """Share of a half-disc that its mirror image in the line through its centre of gravity leaves uncovered."""
    heights = np.linspace(0, 1, 20_001)
    widths = np.sqrt(1 - heights**2)
    mirrored = np.interp(2 * 4 / (3 * np.pi) - heights, heights, widths, left=0, right=0)
    return 1 - float(np.minimum(widths, mirrored).sum() / widths.sum())


def test_border_is_compactness() -> None:
    figures = {shape: of(drawn(shape)).border for shape in SHAPES}
    assert figures["disc"] < figures["ellipse"] < figures["half-moon"] < figures["l-shape"]
    assert figures["half-moon"] == pytest.approx((2 + np.pi) ** 2 / (2 * np.pi**2), rel=0.04)
    assert figures["star"] > 1.5


@pytest.mark.parametrize("shape", SHAPES)
def test_no_measure_depends_on_how_the_photo_was_turned(shape: str) -> None:
    upright = of(drawn(shape))
    for degrees in (17, 45, 90, 200):
        turned = of(drawn(shape, turned=degrees))
        assert turned.asymmetry == pytest.approx(upright.asymmetry, abs=0.02)
        assert turned.border == pytest.approx(upright.border, rel=0.03)
        assert turned.diameter == pytest.approx(upright.diameter, rel=0.02)
        assert turned.colours == upright.colours


@pytest.mark.parametrize("side", [60, 1000])
def test_no_measure_depends_on_the_size_of_the_photo(side: int) -> None:
    for shape in SHAPES[:4]:
        found, other = of(drawn(shape, side)), of(drawn(shape))
        assert found.asymmetry == pytest.approx(other.asymmetry, abs=0.03)
        assert found.border == pytest.approx(other.border, rel=0.1)
        assert found.diameter == pytest.approx(other.diameter, rel=0.06)


@pytest.mark.parametrize("colour", Colour)
def test_every_colour_is_told_from_skin(colour: Colour) -> None:
    mask = drawn("disc")
    assert measure(painted(mask, REFERENCES[colour]), mask).colours == (colour,)


def test_colours_that_cover_enough_are_counted_largest_first() -> None:
    mask = drawn("disc")
    red, black, brown = (REFERENCES[each] for each in (Colour.RED, Colour.BLACK, Colour.LIGHT_BROWN))
    assert set(measure(painted(mask, red, black), mask).colours) == {Colour.RED, Colour.BLACK}
    two = painted(mask, brown, brown, black)
    assert measure(two, mask).colours == (Colour.LIGHT_BROWN, Colour.BLACK)
    two.pixels[195:205, 195:205] = red  # a spot too small to count
    assert measure(two, mask).colours == (Colour.LIGHT_BROWN, Colour.BLACK)


def test_what_looks_like_the_skin_around_is_no_colour() -> None:
    mask = drawn("disc")
    assert measure(Photo(np.full((400, 400, 3), SKIN, np.uint8)), mask).colours == ()
    assert measure(Photo(np.full((400, 400, 3), REFERENCES[Colour.WHITE], np.uint8)), mask).colours in (
        (),
        (Colour.WHITE,),
    )


def test_of_several_pieces_the_largest_is_measured_without_its_holes() -> None:
    mask = drawn("disc")
    whole = of(mask)
    mask[195:205, 190:210] = False
    mask[:6, 394:] = True
    pieces = of(mask)
    assert pieces.asymmetry == pytest.approx(whole.asymmetry, abs=0.02)
    assert pieces.border == pytest.approx(whole.border, abs=0.02)
    assert pieces.diameter == pytest.approx(whole.diameter, rel=0.02)


def test_a_lesion_at_the_edge_is_said_to_be_cut_off() -> None:
    mask = np.zeros((300, 500), np.bool_)
    mask[100:200, 380:] = True
    found = of(mask)
    assert found.cut_off
    assert found.asymmetry < 0.01 and found.border < 1.3
    everything = of(np.ones((300, 500), np.bool_))
    assert everything.cut_off and everything.diameter == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 2), (40, 3)])
def test_the_smallest_masks_are_measured_too(size: tuple[int, int]) -> None:
    mask = np.zeros((200, 200), np.bool_)
    mask[100 : 100 + size[0], 50 : 50 + size[1]] = True
    found = of(mask)
    assert 0 <= found.asymmetry < 0.1
    assert found.border >= 1
    assert found.diameter == pytest.approx(np.hypot(*size) / np.hypot(200, 200), rel=0.3)


def test_an_empty_mask_has_no_measures() -> None:
    with pytest.raises(ValueError, match="no lesion"):
        measure(Photo(np.zeros((20, 20, 3), np.uint8)), np.zeros((20, 20), np.bool_))
