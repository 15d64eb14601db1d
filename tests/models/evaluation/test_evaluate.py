"""A report is written for each set and kind of picture; the registry holds the figures on HAM10000."""

import json
import shutil
from pathlib import Path

import pytest

from inference.registry.file import RegistryFile
from models.__main__ import main
from models.evaluation.metrics import bootstrap
from tests.inference.releases import open_gate
from tests.models import drawn_ham, drawn_sets

ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(300)
def test_each_set_and_kind_of_picture_has_a_report_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ham = drawn_ham.packed(tmp_path / "ham", {"val": 7})
    sets = [drawn_sets.milk10k(tmp_path / "milk", {"val": 8}), drawn_sets.pad(tmp_path / "pad", {"val": 8})]
    weights = tmp_path / "weights"
    shutil.copytree(ROOT / "weights", weights, ignore=shutil.ignore_patterns("report*"))
    open_gate(weights)
    monkeypatch.setattr("models.evaluation.evaluate.bootstrap", lambda *what, rounds=0: bootstrap(*what, rounds=20))
    assert main(["evaluate", "--data", *map(str, [ham, *sets]), "--weights", str(weights)]) == 0
    found = {
        path.stem.removeprefix("report-val"): json.loads(path.read_text()) for path in weights.glob("report-val*.json")
    }
    assert found.keys() == {"", "-milk10k-dermatoscope", "-milk10k-camera", "-pad"}
    assert found[""]["photos"] == 7 and found["-pad"]["photos"] == 8
    assert found[""]["segmenter"] and found["-pad"]["segmenter"], "both have masks"
    assert not found["-milk10k-camera"]["segmenter"]
    report = (weights / "report-val-milk10k-camera.md").read_text()
    assert "MILK10k, close-up by camera" in report and "## Outline" not in report
    recorded = RegistryFile.load(weights).served_classifier.metrics["val"]
    assert recorded["accuracy"] == tuple(found[""]["classifier"]["accuracy"])
