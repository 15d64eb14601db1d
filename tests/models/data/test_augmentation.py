"""Augmentation moves pictures by nothing but the generator's chance."""

import numpy as np
import torch

from models.data.augmentation import cut, drawn, jitter


def test_the_generator_decides_every_colour() -> None:
    images = torch.rand(4, 3, 32, 32)

    def once(seed: int) -> torch.Tensor:
        return jitter(images, torch.Generator().manual_seed(seed))

    assert torch.equal(once(1), once(1)) and not torch.equal(once(1), once(2))
    assert once(1).min() >= 0 and once(1).max() <= 1


def test_turns_by_quarters_mix_no_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    found = set()
    for seed in range(40):
        chance = np.random.default_rng(seed)
        matrix = drawn((15.5, 15.5, 32), (32, 32), chance, scale=(1, 1), shift=0, stretch=0, quarters=True)
        square = cut(pixels, matrix, (32, 32))
        assert np.array_equal(np.sort(square, axis=None), np.sort(pixels, axis=None))
        found.add(square.tobytes())
    assert len(found) == 8, "four turns, mirrored or not"


def test_a_plain_crop_is_the_square_itself() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    matrix = np.array([[1.0, 0, 10], [0, 1.0, 5]])
    assert np.array_equal(cut(pixels, matrix, (20, 20)), pixels[5:25, 10:30])
    beyond = cut(pixels, np.array([[1.0, 0, -30], [0, 1.0, 0]]), (20, 20), grey=114)
    assert (beyond == 114).all()


def test_what_shrinks_is_averaged_and_stays_in_place() -> None:
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[100:] = 240
    small = cut(pixels, np.array([[4.0, 0, 1.5], [0, 4.0, 1.5]]), (50, 50))
    assert small[:24].max() == 0 and small[26:].min() == 240


def test_drawn_crops_stay_near_the_square() -> None:
    for seed in range(20):
        matrix = drawn((50, 40, 30), (64, 64), np.random.default_rng(seed))
        middle = matrix @ [31.5, 31.5, 1]
        assert np.abs(middle - (50, 40)).max() <= 0.08 * 30 + 1e-6
        side = 64 * np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        assert 0.79 * 30 <= side <= 1.26 * 30
