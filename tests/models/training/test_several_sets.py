"""Classifiers learn from pictures of all sets and sizes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file, save_file

from inference.classes import CLASSES
from models.data.boxes import Boxes, around
from models.networks import zoo
from models.networks.widen import widened
from models.training.classification import Classification, ClassifierConfig, recipe_for
from models.training.loop import Run
from tests.models import drawn_sets

TINY = ClassifierConfig(size=64, kernel=9, view="whole", augment="strong", mixup=0.4, corrupt=0.3)
RECIPE = recipe_for("fixcaps")


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return drawn_sets.all_sets(tmp_path_factory.mktemp("sets"), {"train": 9, "val": 9})


def test_an_epoch_is_the_same_again_and_shows_every_source(roots: list[Path]) -> None:
    task = Classification(roots, TINY, RECIPE, 9)
    order = task.order(torch.Generator().manual_seed(1))
    assert torch.equal(order, task.order(torch.Generator().manual_seed(1)))
    assert all(set(order.tolist()) & set(rows.tolist()) for rows in task.sources.values())
    assert (task.labels >= 0).all(), "what has no class teaches none"
    first, second = (task.pictures(order[:4], torch.Generator().manual_seed(3), TINY, 0.3) for _ in range(2))
    assert torch.equal(first, second) and first.shape == (4, 3, 64, 64) and 0 <= first.min() <= first.max() <= 1


def test_a_run_begins_with_a_release_of_seven_classes(roots: list[Path], tmp_path: Path) -> None:
    task = Classification(roots, TINY, replace(RECIPE, epochs=1, batch=8), 9)
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
    task = Classification(roots, TINY, RECIPE, 9)
    camera = next(photo for photo in task.train.photos if photo.dataset == "milk10k" and photo.domain == "phone")
    Boxes({camera.image_id: (0.25, 0.25, 0.5, 0.5)}).write(tmp_path / "boxes.json")
    boxes = Boxes.read(tmp_path / "boxes.json")
    assert boxes.of(camera) == (120, 90, 240, 180)
    masked = next(photo for photo in task.train.photos if photo.outline)
    mask = masked.mask()
    assert mask is not None and boxes.of(masked) == around(mask)
    config = replace(TINY, view="lesion", boxes=str(tmp_path / "boxes.json"))
    lesion = Classification(roots, config, RECIPE, 9)
    assert (lesion.val_squares.numpy() != task.val_squares.numpy()).any()


def test_no_box_is_around_an_empty_mask() -> None:
    assert around(np.zeros((4, 4), np.bool_)) is None
