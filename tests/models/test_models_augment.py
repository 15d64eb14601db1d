"""Augmentation moves pictures, masks and boxes together, and by nothing but the generator's chance."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from models.data.augmentation import jitter, random_affine, warp
from models.training.segmentation import RECIPE, Segmentation, SegmenterConfig
from tests.models import drawn_ham


def test_plain_square_is_cut_out_unchanged() -> None:
    image = torch.rand(1, 3, 60, 80)
    matrix = torch.tensor([[[20 / 40, 0.0, (30 - 40) / 40], [0.0, 20 / 30, (32 - 30) / 30]]])
    torch.testing.assert_close(warp(image, matrix, (40, 40), padding="zeros"), image[:, :, 12:52, 10:50])


def test_drawn_square_keeps_its_place_and_area() -> None:
    disc = torch.zeros(1, 1, 200, 200)
    y, x = torch.meshgrid(torch.arange(200.0), torch.arange(200.0), indexing="ij")
    disc[0, 0] = ((x - 120).square() + (y - 90).square() < 30**2).float()
    regions = torch.tensor([[120.0, 90.0, 120.0]]).repeat(20, 1)
    generator = torch.Generator().manual_seed(1)
    matrices = random_affine(regions, (200, 200), generator, scale=(1.0, 1.0), shift=0.0, stretch=0.1)
    turned = warp(disc.repeat(20, 1, 1, 1), matrices, (120, 120), padding="zeros")
    areas = turned.sum((1, 2, 3))
    assert (areas / disc.sum() - 1).abs().max() < 0.03, "turns, mirrors and stretches keep the area"
    assert turned[:, 0, 58:62, 58:62].min() > 0.9, "the centre stays the centre"
    assert len({round(float(value), 4) for value in matrices[:, 0, 0]}) > 10


def test_generator_decides_everything() -> None:
    images, regions = torch.rand(4, 3, 32, 32), torch.tensor([[16.0, 16.0, 20.0]]).repeat(4, 1)

    def once(seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        matrices = random_affine(regions, (32, 32), generator, scale=(0.8, 1.2), shift=0.1)
        return warp(jitter(images, generator), matrices, (24, 24), padding="reflection", oversample=2)

    assert torch.equal(once(1), once(1))
    assert not torch.equal(once(1), once(2))
    assert once(1).min() >= 0 and once(1).max() <= 1


def test_turns_by_halves_lay_no_picture_upright() -> None:
    """A region of 4 to 3 keeps its proportions, its long side flat, in all four poses."""
    regions = torch.tensor([[40.0, 30.0, 80.0]]).repeat(40, 1)
    generator = torch.Generator().manual_seed(3)
    matrices = random_affine(regions, (60, 80), generator, scale=(1.0, 1.0), shift=0.0, turns="halves", aspect=60 / 80)
    torch.testing.assert_close(matrices[:, :, 2], torch.zeros(40, 2))
    ways = {tuple(map(tuple, matrix[:, :2].round(decimals=4).add(0.0).tolist())) for matrix in matrices}
    assert ways == {((x, 0.0), (0.0, y)) for x in (-1.0, 1.0) for y in (-1.0, 1.0)}


@pytest.mark.parametrize("augment", ["light", "strong"])
def test_segmentation_boxes_frame_the_warped_masks(tmp_path: Path, augment: Literal["light", "strong"]) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 8, "val": 1})
    task = Segmentation(root, SegmenterConfig(size=128, augment=augment), RECIPE)
    batch = task.batch(torch.arange(8), torch.Generator().manual_seed(2), torch.device("cpu"))
    assert batch["img"].shape == (8, 3, 96, 128)
    assert batch["masks"].shape == (8, 48, 64)
    sides = torch.tensor([64, 48, 64, 48])
    for owner, (x, y, width, height) in zip(batch["batch_idx"].int(), batch["bboxes"] * sides, strict=True):
        rows, columns = np.nonzero(batch["masks"][owner].numpy())
        expected = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
        found = [x - width / 2, x + width / 2, y - height / 2, y + height / 2]
        assert np.abs(np.array(expected) - np.array(found)).max() <= 1
        inside, outside = batch["masks"][owner] > 0.5, batch["masks"][owner] < 0.5
        small = torch.nn.functional.avg_pool2d(batch["img"][owner], 2).mean(0)
        assert small[inside].mean() < small[outside].mean(), "the dark lesion lies under its mask"


def test_a_lesion_that_fell_outside_the_picture_has_no_box(tmp_path: Path) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 4, "val": 1})
    task = Segmentation(root, SegmenterConfig(size=128), RECIPE)
    task.masks[2] = False
    batch = task.batch(torch.arange(4), torch.Generator().manual_seed(2), torch.device("cpu"))
    assert batch["batch_idx"].tolist() == [0, 1, 3]
    assert len(batch["bboxes"]) == len(batch["cls"]) == 3 and (batch["bboxes"][:, 2:] > 0).all()
