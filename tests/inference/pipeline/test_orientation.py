"""orientation: the eight orientations of a photo become one picture, and what was found in it is turned back exactly.
orientation: the eight orientations of a photo become one picture, and what was found in it is turned back exactly."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from inference.pipeline.orientation import ORIENTATIONS, Orientation, canonical_orientation
from tests.inference.pictures import skin

# Few values and few pixels: flat, symmetric and evenly lit pictures come up all the time.
PICTURES = arrays(
    np.uint8,
    array_shapes(min_dims=2, max_dims=2, max_side=6).map(lambda shape: (*shape, 3)),
    elements=st.integers(0, 2),
)


def upright(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return canonical_orientation(pixels).apply(pixels)


def assert_one_picture(pixels: NDArray[np.uint8]) -> None:
    one, *others = (upright(orientation.apply(pixels)) for orientation in ORIENTATIONS)
    assert one.shape[1] >= one.shape[0]
    assert all(np.array_equal(one, other) for other in others)


@settings(deadline=None)
@given(PICTURES)
def test_the_eight_poses_of_a_picture_are_one(pixels: NDArray[np.uint8]) -> None:
    assert len({orientation.apply(np.arange(16).reshape(4, 4)).tobytes() for orientation in ORIENTATIONS}) == 8
    assert_one_picture(pixels)


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (256, 256), (1, 400), (400, 1), (1, 1)])
def test_photos_of_any_shape_have_one_pose(size: tuple[int, int]) -> None:
    width, height = size
    assert_one_picture(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))
    assert_one_picture(np.full((height, width, 3), 128, np.uint8))


def test_the_pose_is_chosen_by_the_content_and_survives_compression() -> None:
    photo = skin(400, 300)
    photo[:, 300:] = np.minimum(photo[:, 300:].astype(int) + 30, 255)
    photo[200:] = np.minimum(photo[200:].astype(int) + 15, 255)
    assert canonical_orientation(photo) == Orientation(False, False, False)
    for orientation in ORIENTATIONS:
        _, file = cv2.imencode(".jpg", orientation.apply(photo), [cv2.IMWRITE_JPEG_QUALITY, 50])
        copy = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)
        assert np.abs(upright(copy).astype(int) - photo).mean() < 5


@settings(deadline=None)
@given(PICTURES, st.sampled_from(ORIENTATIONS), st.data())
def test_turning_back_is_exact(pixels: NDArray[np.uint8], orientation: Orientation, data: st.DataObject) -> None:
    assert np.array_equal(orientation.undo(orientation.apply(pixels)), pixels)
    mask = pixels[..., 0] > 0
    turned = orientation.apply(mask)
    assert turned.dtype == np.bool_ and np.array_equal(orientation.undo(turned), mask)
    height, width = mask.shape
    x1, y1 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x2, y2 = data.draw(st.integers(x1 + 1, width)), data.draw(st.integers(y1 + 1, height))
    inside = np.zeros_like(mask)
    inside[y1:y2, x1:x2] = True
    x, y, across, along = cv2.boundingRect(orientation.apply(inside).astype(np.uint8))
    assert orientation.undo_box((x, y, x + across, y + along), turned.shape[1], turned.shape[0]) == (x1, y1, x2, y2)
