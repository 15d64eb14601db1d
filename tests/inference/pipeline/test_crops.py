"""The square that the classifier sees."""

import numpy as np
import pytest

from inference.pipeline.crops import crop, region


def test_without_a_box_it_is_the_largest_centred_square() -> None:
    assert region((240, 320), None, 1.4) == (160, 120, 240)


def test_a_box_is_widened_by_the_margin() -> None:
    assert region((240, 320), (100, 80, 200, 140), 1.5) == (150, 110, 150)


def test_a_tiny_box_keeps_a_quarter_of_the_photo() -> None:
    assert region((240, 320), (10, 10, 12, 12), 1.4)[2] == 60


@pytest.mark.parametrize("box", [None, (0, 0, 40, 30), (280, 200, 320, 240), (0, 0, 320, 240)])
def test_result_has_the_wanted_size_wherever_the_box_lies(box: tuple[int, int, int, int] | None) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    assert crop(photo, box, 96, 1.4).shape == (96, 96, 3)


def test_beyond_the_border_lies_the_mirror_image() -> None:
    photo = np.zeros((100, 100, 3), np.uint8)
    photo[:, :10] = (200, 100, 50)
    view = crop(photo, (0, 40, 20, 60), 40, 2.0)  # reaches 10 px beyond the left border
    assert (view[:, :18] == (200, 100, 50)).all()
    assert (view[:, 24:] == 0).all()


def test_a_marked_spot_stands_in_the_middle() -> None:
    photo = np.zeros((300, 400, 3), np.uint8)
    photo[145:155, 95:105] = 255
    view = crop(photo, (75, 125, 125, 175), 50, 1.0)
    rows, columns = np.nonzero(view[..., 0] > 128)
    assert abs(rows.mean() - 24.5) < 1
    assert abs(columns.mean() - 24.5) < 1
