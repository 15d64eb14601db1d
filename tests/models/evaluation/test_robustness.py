"""The table says what the served pipeline makes of corrupted photos."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.data.corruptions import Corruption, Pixels, shrunk
from models.errors import EvaluationError
from models.evaluation import robustness
from models.evaluation.served import read_file, serve
from tests.inference.releases import open_gate
from tests.models import drawn_ham

ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(300)
def test_the_table_holds_answers_and_what_refused_photos_would_have_got(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = drawn_ham.packed(tmp_path / "ham", {"val": 7})
    weights = tmp_path / "weights"
    shutil.copytree(ROOT / "weights", weights, ignore=shutil.ignore_patterns("robustness*"))
    open_gate(weights)
    arguments = ["robustness", "--data", str(data), "--weights", str(weights)]
    monkeypatch.setattr(robustness, "CORRUPTIONS", (Corruption("size", "64 px", shrunk(64)),))
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

    monkeypatch.setattr(robustness, "CORRUPTIONS", (Corruption("size", "64 px", measured_again),))
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
