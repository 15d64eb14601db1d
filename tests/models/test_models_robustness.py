"""Degradations do what they are named after, and the table says what the served pipeline makes of them."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.data.corruptions import (
    DEGRADATIONS,
    Degradation,
    Pixels,
    blurred,
    glaring,
    lit,
    mirrored,
    shaken,
    shrunk,
    turned,
)
from models.errors import EvaluationError
from models.evaluation import robustness
from models.evaluation.served import read_file, serve
from tests.inference.releases import open_gate
from tests.models import drawn_ham

ROOT = Path(__file__).parents[2]


@pytest.fixture
def photo() -> Pixels:
    return drawn_ham.draw(3)[0]


def test_every_degradation_has_its_name_and_leaves_the_photo_alone(photo: Pixels) -> None:
    assert len({(each.kind, each.level) for each in DEGRADATIONS}) == len(DEGRADATIONS)
    before = photo.copy()
    for each in DEGRADATIONS:
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


@pytest.mark.timeout(300)
def test_the_table_holds_what_the_pipeline_answers_and_what_it_would_have_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = drawn_ham.packed(tmp_path / "ham", {"val": 7})
    weights = tmp_path / "weights"
    shutil.copytree(ROOT / "weights", weights, ignore=shutil.ignore_patterns("robustness*"))
    open_gate(weights)
    arguments = ["robustness", "--data", str(data), "--weights", str(weights)]
    monkeypatch.setattr(robustness, "DEGRADATIONS", (Degradation("size", "64 px", shrunk(64)),))
    monkeypatch.setattr(robustness, "ROUNDS", 50)
    assert main(arguments) == 0
    with (weights / "robustness-val.csv").open() as file:
        plain, small = csv.DictReader(file)
    assert (plain["kind"], plain["photos"], float(plain["flips"])) == ("as it is", "7", 0)
    assert float(plain["refused"]) < 1
    assert float(small["refused"]) == 1 and small["reasons"] == "too_small 7"
    assert np.isnan(float(small["answered_accuracy"])), "the pipeline answered none of them"
    accuracy, low, high = (float(small[name]) for name in ("accuracy", "accuracy_low", "accuracy_high"))
    assert 0 <= low <= accuracy <= high <= 1
    change = float(small["balanced_accuracy"]) - float(plain["balanced_accuracy"])
    assert float(small["change"]) == pytest.approx(change, abs=1e-4)
    assert not np.isnan(float(small["flips"])), "the model was asked all the same"
    assert "| size | 64 px |" in (weights / "robustness-val.md").read_text()
    assert (weights / "robustness-val.png").read_bytes().startswith(b"\x89PNG")

    def measured_again(_: Pixels) -> Pixels:
        raise AssertionError("a row that is known is not measured again")

    monkeypatch.setattr(robustness, "DEGRADATIONS", (Degradation("size", "64 px", measured_again),))
    assert main(arguments) == 0
    with (weights / "robustness-val.csv").open() as file:
        assert list(csv.DictReader(file)) == [plain, small]


def test_a_photo_that_cannot_be_read_ends_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no photo")
    with pytest.raises(EvaluationError, match=r"notes\.png: not_an_image"):
        list(serve([tmp_path / "notes.png"], read_file, ROOT / "weights"))


def test_weights_that_cannot_be_served_end_in_one_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no registry of weights"):
        list(serve([tmp_path / "mole.png"], read_file, tmp_path))
