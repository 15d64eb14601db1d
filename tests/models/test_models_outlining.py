"""The segmenter learns from masks with several pieces, and outlines what has none."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from models.data import pseudo_masks as made_outlines
from models.data.boxes import Boxes
from models.data.pictures import load_photos
from models.data.pseudo_masks import Reading, contact_sheet, keep, kept
from models.networks.segmenter import build_segmenter
from models.training import mixed_segmentation as outlining
from models.training.loop import Run
from models.training.mixed_segmentation import (
    MixedSegmentation,
    MixedSegmenterConfig,
    encoded,
    objects,
    overlap,
    trust,
    with_outlines,
)
from tests.models import drawn_sets


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
    task = MixedSegmentation(roots, MixedSegmenterConfig(size=64), outlining.RECIPE, 6)
    network = task.network(torch.device("cpu")).train()
    rows = task.order(torch.Generator().manual_seed(1))[:4]
    batch = task.batch(rows, torch.Generator().manual_seed(2), torch.device("cpu"))
    assert batch["img"].shape == (4, 3, 64, 64) and batch["masks"].shape == (4, 32, 32)
    assert len(batch["bboxes"]) == len(batch["batch_idx"]) == len(batch["cls"])
    assert torch.isfinite(task.loss(network, rows, torch.Generator().manual_seed(2), torch.device("cpu")))


def test_doubted_masks_are_drawn_less_and_not_measured_on(roots: list[Path]) -> None:
    task = MixedSegmentation(roots, MixedSegmenterConfig(size=64), outlining.RECIPE, 6)
    assert {trust(photo) for photo in task.train.photos} == {1.0, 0.25}
    assert {trust(photo) for photo in task.val.photos} == {1.0}


def test_made_outlines_teach_where_there_is_no_mask(roots: list[Path], tmp_path: Path) -> None:
    milk = load_photos(roots[1:2], "train").where(lambda photo: photo.domain == "phone")
    inside = np.zeros((360, 480), np.bool_)
    inside[100:160, 200:260] = True
    good = Reading(milk[0].image_id, (0.4, 0.3, 0.6, 0.5), 0.9, inside, 0.9)
    found = [good, replace(good, image_id=milk[1].image_id, agreement=0.5)]
    assert keep(found, tmp_path / "outlines.zip", tmp_path / "boxes.json") == 1
    assert set(Boxes.read(tmp_path / "boxes.json").found) == {milk[0].image_id, milk[1].image_id}
    outlined = with_outlines(milk, tmp_path / "outlines.zip")
    mask = outlined[0].mask()
    assert mask is not None and np.array_equal(mask, inside) and outlined[1].mask() is None
    config = MixedSegmenterConfig(size=64, outlines=str(tmp_path / "outlines.zip"))
    assert milk[0].image_id in MixedSegmentation(roots, config, outlining.RECIPE, 6).train.ids
    assert contact_sheet(milk, found, columns=3, side=80).shape[1] == 240


def test_a_trained_run_outlines_what_has_no_mask(roots: list[Path], tmp_path: Path) -> None:
    task = MixedSegmentation(roots, MixedSegmenterConfig(size=64), replace(outlining.RECIPE, epochs=1, batch=8), 6)
    Run(task, tmp_path, torch.device("cpu")).train(Console(quiet=True))
    made_outlines.make(roots[1:2], tmp_path)
    assert (tmp_path / "boxes.json").is_file() and zipfile.is_zipfile(tmp_path / "outlines.zip")


def test_outlines_along_the_edge_or_of_half_a_photo_are_not_kept() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    reading = Reading("a", (0, 0, 1, 1), 0.9, mask, 0.9)
    along, large = mask.copy(), np.pad(np.ones((32, 32), np.bool_), 4)
    along[10, :10] = True
    assert kept(reading) and not kept(replace(reading, mask=along)) and not kept(replace(reading, mask=large))
    assert not kept(replace(reading, mask=np.zeros_like(mask)))


def test_a_photo_is_read_twice(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from inference.analysis import Lesion

    seen = []

    def find(network: object, photos: list[np.ndarray], frame: object, **_: object) -> list[list[Lesion]]:
        height, width = photos[0].shape[:2]
        seen.append((height, width))
        mask = np.zeros((height, width), np.bool_)
        if len(seen) == 1:
            mask[150:200, 200:300] = True
            return [[Lesion((200, 150, 300, 200), mask, 0.8)]]
        dark = photos[0].sum(2) < 300
        return [[Lesion((0, 0, 9, 9), dark, 0.9)]]

    monkeypatch.setattr(made_outlines, "find_lesions", find)
    photo = load_photos(roots[1:2], "val").where(lambda photo: photo.domain == "phone")[0]
    found = made_outlines.read(photo, build_segmenter(), (64, 64))
    assert found is not None and found.box == (200 / 480, 150 / 360, 300 / 480, 200 / 360)
    assert seen == [(360, 480), (301, 301)]
    dark = photo.pixels().sum(2) < 300
    assert (found.mask & dark).sum() / max(dark.sum(), 1) > 0.9, "the second reading lies where it was made"


def test_nothing_found_overlaps_nothing(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    photo = load_photos(roots[2:], "val").where(lambda photo: photo.outline is not None)[0]
    monkeypatch.setattr(outlining, "find_lesions", lambda *_, **__: [[]])
    assert overlap(photo, build_segmenter(), (64, 64)) == 0


def test_a_mask_survives_its_file() -> None:
    assert encoded(np.eye(8, dtype=np.bool_))[1:4] == b"PNG"
