"""Geometry of the segmenter's input and output."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, UnidentifiedImageError

from inference.pipeline.masks import GREY, decode_detection, largest_component, letterbox
from models.networks.segmenter import build_segmenter, find_lesions


@pytest.mark.parametrize(("height", "width"), [(240, 320), (900, 500), (64, 64), (40, 1000)])
def test_letterbox_keeps_the_whole_photo_undistorted(height: int, width: int) -> None:
    framed, placed = letterbox(np.full((height, width, 3), 200, np.uint8), (128, 96))
    assert framed.shape == (96, 128, 3)
    photo = (framed == 200).all(2)
    assert photo.sum() == placed.width * placed.height
    assert placed.width / placed.height == pytest.approx(width / height, rel=0.15 if height == 40 else 0.03)
    assert (framed[~photo] == GREY).all()
    assert placed.width == 128 or placed.height == 96, "it is as large as the frame allows"


@pytest.mark.parametrize(("height", "width"), [(240, 320), (900, 500), (2000, 3000)])
def test_an_outline_lands_where_the_lesion_is(height: int, width: int) -> None:
    """A disc drawn in the frame comes out as that disc on the photo."""
    frame, reach = (256, 192), min(height, width) / 4
    centre = (width * 0.6, height * 0.45)
    _, placed = letterbox(np.zeros((height, width, 3), np.uint8), frame)
    y, x = (np.mgrid[0 : frame[1] // 4, 0 : frame[0] // 4] + 0.5) * 4
    across = (x - placed.left) / placed.gain - centre[0]
    along = (y - placed.top) / placed.gain - centre[1]
    logits = ((reach - np.hypot(across, along)) * placed.gain).astype(np.float32)
    corners = [centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach]
    shifts = np.array([placed.left, placed.top] * 2)
    detection = np.array([*(np.array(corners) * placed.gain + shifts), 0.9], np.float32)
    found = decode_detection(detection, logits, placed, (height, width))
    y, x = np.mgrid[0:height, 0:width] + 0.5
    true = np.hypot(x - centre[0], y - centre[1]) < reach
    assert (found.mask & true).sum() / (found.mask | true).sum() > 0.97
    assert found.box == pytest.approx(tuple(corners), abs=0.5)
    assert found.score == pytest.approx(0.9)


def test_pillow_keeps_its_own_way_of_opening_files() -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(b"no image"))


def test_an_outline_is_one_piece_without_holes() -> None:
    mask = np.zeros((60, 80), np.bool_)
    mask[10:40, 10:40] = True
    mask[20:25, 20:25] = False
    mask[50:55, 60:70] = True
    solid = np.zeros_like(mask)
    solid[10:40, 10:40] = True
    assert (largest_component(mask) == solid).all()
    assert not largest_component(np.zeros_like(mask)).any()


def test_a_photo_has_the_same_outline_alone_and_in_a_batch() -> None:
    torch.manual_seed(0)
    network = build_segmenter().eval()
    chance = np.random.default_rng(0)
    photos = [chance.integers(0, 255, shape, np.uint8) for shape in ((90, 120, 3), (120, 90, 3), (64, 64, 3))]
    together = find_lesions(network, photos, (64, 64), min_score=0.0)
    for photo, outlines in zip(photos, together, strict=True):
        alone = find_lesions(network, [photo], (64, 64), min_score=0.0)[0]
        assert alone[0].box == pytest.approx(outlines[0].box, abs=1e-3)
        assert alone[0].mask.shape == photo.shape[:2]
        assert (alone[0].mask == outlines[0].mask).mean() > 0.999


def test_nothing_above_the_score_is_no_outline() -> None:
    assert find_lesions(build_segmenter().eval(), [np.zeros((64, 64, 3), np.uint8)], (64, 64), min_score=0.99) == [[]]
