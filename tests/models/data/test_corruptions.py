"""Corruptions do what they are named after, and training pictures are corrupted in every way, by chance alone."""

import numpy as np
import pytest

from models.data import corruptions
from models.data.corruptions import (
    CORRUPTIONS,
    Pixels,
    blurred,
    corrupted,
    glaring,
    lit,
    mirrored,
    shaken,
    shrunk,
    turned,
)
from tests.models import drawn_ham


@pytest.fixture
def photo() -> Pixels:
    return drawn_ham.draw(3)[0]


def test_every_corruption_has_its_name_and_leaves_the_photo_alone(photo: Pixels) -> None:
    assert len({(each.kind, each.level) for each in CORRUPTIONS}) == len(CORRUPTIONS)
    before = photo.copy()
    for each in CORRUPTIONS:
        done = each.apply(photo)
        assert done.dtype == np.uint8 and done.shape[2] == 3 and not np.array_equal(done, before), each
        assert np.array_equal(done, each.apply(photo)), each
    assert np.array_equal(photo, before)


def test_turns_mirror_and_sizes(photo: Pixels) -> None:
    assert np.array_equal(turned(1)(turned(3)(photo)), photo)
    assert np.array_equal(turned(1)(photo)[0], photo[:, -1])
    assert np.array_equal(mirrored(photo)[:, 0], photo[:, -1])
    assert shrunk(200)(photo).shape == (150, 200, 3)
    assert shrunk(200)(turned(1)(photo)).shape == (200, 150, 3)


def test_light_blur_shake_and_glare_come_by_their_measure(photo: Pixels) -> None:
    grain = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    large = np.repeat(np.repeat(grain, 2, axis=0), 2, axis=1)
    assert lit(0.5)(photo).mean() == pytest.approx(photo.mean() / 2, abs=0.5)
    assert lit(2)(photo).max() == 255
    # A Gaussian leaves noise 1 / (4 pi sigma^2) of its variance; a box of n pixels leaves 1 / n.
    assert blurred(2)(grain).var() == pytest.approx(grain.var() / (16 * np.pi), rel=0.1)
    assert shaken(9)(grain).var() == pytest.approx(grain.var() / 9, rel=0.1)
    assert blurred(2)(large).var() == pytest.approx(blurred(2)(grain).var(), rel=0.1), "whatever the photo's size"
    for share in (0.03, 0.2):
        assert (glaring(share)(photo) == 255).all(2).mean() == pytest.approx(share, rel=0.2)


def test_a_seed_decides_how_a_training_picture_is_corrupted(photo: Pixels) -> None:
    for seed in range(20):
        once = corrupted(photo, seed)
        assert once.shape == photo.shape and once.dtype == np.uint8 and not np.array_equal(once, photo)
        assert np.array_equal(once, corrupted(photo, seed))


@pytest.mark.parametrize("way", ["blurred", "shaken", "shrunk", "compressed", "glaring"])
def test_every_way_comes_about(way: str, photo: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corruptions, way, lambda *_: np.zeros_like)
    gone = sum(not corrupted(photo, seed).any() for seed in range(120))
    assert 8 <= gone <= 80, "a sixth of the pictures; compression is part of three ways"
