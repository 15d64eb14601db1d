"""The marks of a mole: the same however it lies, with errors that come from how well it is found."""

import json
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.comparison.marks import Marks, mark
from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import DEFAULT_WEIGHTS, Registry
from tests.inference.pictures import skin, spot_mask

Mask = NDArray[np.bool_]


def found_alike(photo: Photo) -> list[Mask]:
    """A segmenter that is never wrong."""
    return [spot_mask(photo.width, photo.height)] * 8


def found_differently(photo: Photo) -> list[Mask]:
    """A segmenter that finds more or less of the spot."""
    spot = spot_mask(photo.width, photo.height).astype(np.uint8)
    disc = [cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1)) for size in range(1, 9)]
    return [cv2.dilate(spot, each) > 0 for each in disc]


def test_a_spot_that_is_found_alike_every_time_has_no_error() -> None:
    photo = Photo(skin(400, 300))
    marks = mark(photo, spot_mask(400, 300), found_alike)
    assert marks.area.value == pytest.approx(spot_mask(400, 300).mean(), rel=0.01)
    assert marks.asymmetry.value < 0.03
    assert marks.contrast.value > 20
    assert [each.error for each in (marks.area, marks.length, marks.asymmetry, marks.contrast)] == [0.0] * 4


def test_a_spot_that_is_found_differently_has_an_error() -> None:
    marks = mark(Photo(skin(400, 300)), spot_mask(400, 300), found_differently)
    assert marks.area.error > 0.004 and marks.length.error > 0.005


def test_marks_do_not_depend_on_the_size_of_the_photo() -> None:
    small, large = (mark(Photo(skin(*size)), spot_mask(*size), found_alike) for size in ((400, 300), (1600, 1200)))
    assert large.area.value == pytest.approx(small.area.value, rel=0.02)
    assert large.length.value == pytest.approx(small.length.value, rel=0.02)
    assert large.contrast.value == pytest.approx(small.contrast.value, rel=0.1)


def test_light_that_makes_all_darker_changes_the_contrast_little() -> None:
    bright = skin(400, 300)
    dim = (bright * 0.8).astype(np.uint8)
    first, second = (mark(Photo(each), spot_mask(400, 300), found_alike) for each in (bright, dim))
    assert second.contrast.value == pytest.approx(first.contrast.value, rel=0.25)


def test_where_no_skin_is_to_be_seen_there_is_no_contrast() -> None:
    def everything(photo: Photo) -> Sequence[Mask]:
        return [np.ones((photo.height, photo.width), np.bool_)]

    marks = mark(Photo(skin(80, 60)), np.ones((60, 80), np.bool_), everything)
    assert marks.contrast.value == 0
    assert marks.area.value == 1


def test_the_outline_is_that_of_the_mask_in_shares_of_the_photo() -> None:
    marks = mark(Photo(skin(400, 300)), spot_mask(400, 300), found_alike)
    corners = (np.array(marks.outline) * (400, 300)).astype(np.int32)
    drawn = np.zeros((300, 400), np.uint8)
    cv2.fillPoly(drawn, [corners], 1)
    spot = spot_mask(400, 300)
    assert ((drawn > 0) & spot).sum() / ((drawn > 0) | spot).sum() > 0.95
    assert len(marks.outline) <= 120


def test_marks_survive_being_kept() -> None:
    marks = mark(Photo(skin(200, 150)), spot_mask(200, 150), found_differently)
    assert Marks.from_json(json.loads(json.dumps(marks.to_json()))) == marks


def test_an_empty_mask_has_no_marks() -> None:
    with pytest.raises(ValueError, match="no lesion"):
        mark(Photo(skin(80, 60)), np.zeros((60, 80), np.bool_), found_alike)


def test_copies_of_a_photo_are_outlined_where_the_lesion_is() -> None:
    analyzer = Analyzer.load(Registry.load(DEFAULT_WEIGHTS), 1)
    photo = Photo(skin(400, 300))
    masks = analyzer.outlines_of_copies(photo)
    spot = spot_mask(400, 300)
    assert len(masks) == 8
    for mask in masks:
        assert mask.shape == (300, 400)
        assert (mask & spot).sum() / (mask | spot).sum() > 0.7
