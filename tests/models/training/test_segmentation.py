"""The segmenter learns from masks with several pieces."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.data.pictures import load_photos
from models.networks.segmenter import build_segmenter
from models.training import segmentation
from models.training.segmentation import RECIPE, Segmentation, SegmenterConfig, objects, overlap, trust
from tests.models import drawn_ham, drawn_sets


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return drawn_sets.all_sets(tmp_path_factory.mktemp("sets"), {"train": 6, "val": 6})


def test_every_piece_is_an_object() -> None:
    mask = np.zeros((64, 96), np.bool_)
    mask[8:24, 8:40], mask[40:56, 60:90], mask[0, 0] = True, True, True
    numbers, boxes = objects(mask)
    assert boxes == [(0.25, 0.25, 1 / 3, 0.25), (75 / 96, 0.75, 30 / 96, 0.25)]
    assert set(np.unique(numbers)) == {0, 1, 2} and numbers[8, 12] == 1 and numbers[24, 35] == 2


def test_a_batch_is_what_the_loss_takes(roots: list[Path]) -> None:
    task = Segmentation(roots, SegmenterConfig(size=64), RECIPE, 6)
    network = task.network(torch.device("cpu")).train()
    rows = task.order(torch.Generator().manual_seed(1))[:4]
    batch = task.batch(rows, torch.Generator().manual_seed(2), torch.device("cpu"))
    assert batch["img"].shape == (4, 3, 64, 64) and batch["masks"].shape == (4, 32, 32)
    assert len(batch["bboxes"]) == len(batch["batch_idx"]) == len(batch["cls"])
    assert torch.isfinite(task.loss(network, rows, torch.Generator().manual_seed(2), torch.device("cpu")))


def test_doubted_masks_are_drawn_less_and_not_measured_on(roots: list[Path]) -> None:
    task = Segmentation(roots, SegmenterConfig(size=64), RECIPE, 6)
    assert {trust(photo) for photo in task.train.photos} == {1.0, 0.25}
    assert {trust(photo) for photo in task.val.photos} == {1.0}


def test_nothing_found_overlaps_nothing(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    photo = load_photos(roots[2:], "val").where(lambda photo: photo.outline is not None)[0]
    monkeypatch.setattr(segmentation, "find_lesions", lambda *_, **__: [[]])
    assert overlap(photo, build_segmenter(), (64, 64)) == 0


def test_boxes_frame_the_masks_and_lesions_lie_under_them(tmp_path: Path) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 8, "val": 1})
    task = Segmentation([root], SegmenterConfig(size=128), RECIPE)
    batch = task.batch(torch.arange(8), torch.Generator().manual_seed(2), torch.device("cpu"))
    assert batch["img"].shape == (8, 3, 96, 128) and batch["masks"].shape == (8, 48, 64)
    assert sorted(batch["batch_idx"].int().tolist()) == list(range(8)), "each drawn photo has one lesion"
    sides = torch.tensor([64, 48, 64, 48])
    for owner, (x, y, width, height) in zip(batch["batch_idx"].int(), batch["bboxes"] * sides, strict=True):
        rows, columns = np.nonzero(batch["masks"][owner].numpy())
        expected = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
        found = [x - width / 2, x + width / 2, y - height / 2, y + height / 2]
        assert np.abs(np.array(expected) - np.array(found)).max() <= 1
        inside, outside = batch["masks"][owner] > 0.5, batch["masks"][owner] < 0.5
        small = torch.nn.functional.avg_pool2d(batch["img"][owner], 2).mean(0)
        assert small[inside].mean() < small[outside].mean(), "the dark lesion lies under its mask"
