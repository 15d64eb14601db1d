"""Classifiers learn from pictures of all sets and sizes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file, save_file

from inference.classes import CLASSES
from inference.registry.file import RegistryFile
from models.data.boxes import Boxes, around
from models.data.random_crop import cut, drawn
from models.networks import zoo
from models.networks.widen import widened
from models.release.trained_mixed import MixedRun, release_member, release_segmenter
from models.training import mixed
from models.training.loop import Run
from models.training.mixed import MixedClassification, MixedConfig
from tests.models import drawn_sets

TINY = MixedConfig(name="fixcaps", size=64, kernel=9)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return drawn_sets.all_sets(tmp_path_factory.mktemp("sets"), {"train": 9, "val": 9})


def test_an_epoch_is_the_same_again_and_shows_every_source(roots: list[Path]) -> None:
    task = MixedClassification(roots, TINY, mixed.RECIPE, 9)
    order = task.order(torch.Generator().manual_seed(1))
    assert torch.equal(order, task.order(torch.Generator().manual_seed(1)))
    assert all(set(order.tolist()) & set(rows.tolist()) for rows in task.pools.values())
    assert (task.labels >= 0).all(), "what has no class teaches none"
    first, second = (task.pictures(order[:4], torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and first.shape == (4, 3, 64, 64) and 0 <= first.min() <= first.max() <= 1


def test_a_run_begins_with_a_release_of_seven_classes(roots: list[Path], tmp_path: Path) -> None:
    task = MixedClassification(roots, TINY, replace(mixed.RECIPE, epochs=1, batch=8), 9)
    state = zoo.build("fixcaps", 64, 9).state_dict()
    place = CLASSES.index("scc") * 16
    capsules = state["digits.weight"]
    state["digits.weight"] = torch.cat([capsules[:, :, :place], capsules[:, :, place + 16 :]], 2)
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "seven.safetensors")
    run = Run(task, tmp_path / "run", torch.device("cpu"), tmp_path / "seven.safetensors")
    run.train(Console(quiet=True))
    assert set(run.history[0]) >= {"ham10000", "milk10k-dermatoscope", "milk10k-camera", "pad", "score"}
    assert load_file(tmp_path / "run" / "best.safetensors")["digits.weight"].shape[2] == 8 * 16


def test_a_new_class_begins_as_the_mean_of_its_relatives() -> None:
    head = torch.arange(7.0)[:, None].expand(7, 3)
    found = widened({"head": head}, {"head": torch.zeros(8, 3)})["head"]
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 0.5, 6]
    assert torch.equal(widened({"head": found}, {"head": torch.zeros(8, 3)})["head"], found)


def test_the_lesion_is_looked_at_where_its_box_is(roots: list[Path], tmp_path: Path) -> None:
    task = MixedClassification(roots, TINY, mixed.RECIPE, 9)
    camera = next(photo for photo in task.train.photos if photo.dataset == "milk10k" and photo.domain == "phone")
    Boxes({camera.image_id: (0.25, 0.25, 0.5, 0.5)}).write(tmp_path / "boxes.json")
    boxes = Boxes.read(tmp_path / "boxes.json")
    assert boxes.of(camera) == (120, 90, 240, 180)
    masked = next(photo for photo in task.train.photos if photo.outline)
    mask = masked.mask()
    assert mask is not None and boxes.of(masked) == around(mask)
    config = replace(TINY, view="lesion", boxes=str(tmp_path / "boxes.json"))
    lesion = MixedClassification(roots, config, mixed.RECIPE, 9)
    assert (lesion.val_views.numpy() != task.val_views.numpy()).any()


def test_no_box_is_around_an_empty_mask() -> None:
    assert around(np.zeros((4, 4), np.bool_)) is None


def test_a_plain_view_is_the_square_itself() -> None:
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


def test_drawn_views_stay_near_the_square() -> None:
    for seed in range(20):
        matrix = drawn((50, 40, 30), (64, 64), np.random.default_rng(seed))
        middle = matrix @ [31.5, 31.5, 1]
        assert np.abs(middle - (50, 40)).max() <= 0.08 * 30 + 1e-6
        side = 64 * np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        assert 0.79 * 30 <= side <= 1.26 * 30


def test_a_network_released_before_keeps_its_file_in_the_next_release(tmp_path: Path) -> None:
    weights = Path("weights")
    served = RegistryFile.load(weights)
    member, segmenter = served.served_classifier.members[-1], served.served_segmenter
    assert release_member(MixedRun.read(weights / member.served.file), "9.9.9", tmp_path) == member
    assert release_segmenter(MixedRun.read(weights / segmenter.served.file), "9.9.9", tmp_path) == segmenter.served
    assert (tmp_path / member.served.file).read_bytes() == (weights / member.served.file).read_bytes()
