"""The gate: what it reads, how it is fitted and released."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from inference.pipeline.analyzer import Analyzer
from inference.pipeline.gate import LinearClassifier, lesion_log_odds
from inference.registry.file import RegistryFile
from inference.registry.registry import Registry
from models.__main__ import main
from models.evaluation.report import text
from models.gate import everyday, scores
from models.gate.everyday_drawn import DRAWN
from models.gate.fit import threshold_for
from models.gate.pictures import NEAREST, changed, close_up, reframed
from tests.models import drawn_ham, drawn_sets

ROOT = Path(__file__).parents[3]


def test_odds_weigh_a_lesion_against_all_else() -> None:
    shares = np.random.default_rng(0).dirichlet((1, 1, 1), 5)
    assert lesion_log_odds(np.log(shares)) == pytest.approx(np.log(shares[:, 0] / (1 - shares[:, 0])), abs=1e-5)


def test_the_linear_classifier_finds_what_is_there_on_any_scale() -> None:
    chance = torch.Generator().manual_seed(0)
    kinds = np.repeat([0, 1, 2], [300, 40, 100])
    features = torch.randn(440, 112, generator=chance)
    features[:, :3] *= torch.tensor([0.01, 1, 100])
    features[:, 0] += torch.from_numpy(kinds == 0) * 0.06
    features[:, 2] += torch.from_numpy(kinds == 1) * 600
    fitted = scores.fit_linear(features, kinds, 0.1)
    kept = LinearClassifier(**load(save({"weight": fitted.weight, "bias": fitted.bias})))
    found = kept(features.numpy())
    assert (found.argmax(1) == kinds).mean() > 0.98
    assert np.exp(found).sum(1) == pytest.approx(np.ones(440))


@pytest.mark.parametrize("score", [scores.mahalanobis, scores.nearest])
def test_distances_tell_what_was_not_learnt(score: Callable[[torch.Tensor, torch.Tensor], np.ndarray]) -> None:
    chance = torch.Generator().manual_seed(0)
    learnt, alike = (1 + 0.1 * torch.randn(200, 5, generator=chance) for _ in range(2))
    other = torch.tensor([-1.0, 1, 1, 1, 1]) + 0.1 * torch.randn(50, 5, generator=chance)
    assert score(alike, learnt).min() > score(other, learnt).max()


def test_the_threshold_counts_what_the_segmenter_misses() -> None:
    values, found = np.arange(1000.0), np.ones(1000, bool)
    assert (values < threshold_for(values, found, 0.01)).sum() == 10
    found[[3, 500, 501, 502]] = False
    refused = (values < threshold_for(values, found, 0.01)) | ~found
    assert refused.sum() == 10
    found[:50] = False
    assert threshold_for(values, found, 0.01) == 50, "none is left to lose"


def test_a_frame_keeps_the_lesion_and_changes_are_repeated() -> None:
    for number in range(40):
        chance = np.random.default_rng(number)
        _, mask = drawn_ham.draw(number)
        marked = np.repeat(mask[..., None], 3, -1)
        framed = reframed(marked, mask > 0, chance)
        assert framed.shape[2] == 3 and max(framed.shape[:2]) >= NEAREST
        assert (framed[..., 0] > 0).sum() >= (mask > 0).sum()
        near, same = (changed(close_up(marked, np.random.default_rng(1)), np.random.default_rng(2)) for _ in range(2))
        assert near.dtype == np.uint8 and np.array_equal(near, same)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 14, "val": 14, "test": 7})


@pytest.fixture(scope="module")
def weights(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gate fitted on drawn lesions and few everyday pictures, beside what is released with the project."""
    folder = tmp_path_factory.mktemp("release") / "weights"
    shutil.copytree(ROOT / "weights", folder)
    with pytest.MonkeyPatch.context() as patch:
        python = tuple(source for source in everyday.SOURCES if not source.folder.startswith("/"))
        patch.setattr(everyday, "SOURCES", python)
        patch.setattr(everyday, "DRAWN_EACH", 3)
        patch.setattr(everyday, "DRAWN_MORE", 3)
        where = ["--data", str(data), "--weights", str(folder)]
        assert main(["gate", *where, "--version", "9.0.0"]) == 0
        phone = drawn_sets.pad(tmp_path_factory.mktemp("pad") / "pad", {"test": 4})
        assert main(["refusal", "--data", str(data), str(phone), *where[2:], "--split", "test"]) == 0
    return folder


@pytest.mark.timeout(300)
def test_a_gate_is_released_and_served(weights: Path) -> None:
    release = RegistryFile.load(weights)
    gate = release.served_gate
    assert gate.key == "gate-9.0.0"
    assert (gate.backbone, gate.input) in [(each.served, each.input) for each in release.served_classifier.members]
    assert gate.trials[-1].what == "linear on features" and len({trial.what for trial in gate.trials}) == 4
    assert all(0 <= value <= 1 for trial in gate.trials for value in (trial.auc, trial.lost, trial.refused))
    assert (weights / "refusal.png").read_bytes().startswith(b"\x89PNG")
    Analyzer.load(Registry.load(weights))


@pytest.mark.timeout(300)
def test_what_is_refused_stands_in_registry_and_card(weights: Path) -> None:
    found = json.loads((weights / "refusal-test.json").read_text())
    gate = RegistryFile.load(weights).served_gate
    assert found["models"]["gate"] == gate.title
    kinds = ("lesions_refused", "everyday_refused")
    assert gate.metrics == {"test": {kind: tuple(found[kind]) for kind in kinds}}
    card = (weights / "gate-9.0.0.md").read_text()
    assert gate.served.sha256 in card and gate.data in card and "`refusal-*`" in card
    assert all(f"| {text(gate.metrics['test'][kind])} |" in card for kind in kinds)
    assert all(f"| {trial.what} | {trial.auc:.4f} |" in card for trial in gate.trials)
    assert "HAM10000" in gate.data and all(kind in gate.data for kind in DRAWN)
    assert all(source.kind in gate.data and source.package in gate.data for source in everyday.SOURCES)


@pytest.mark.timeout(300)
def test_the_report_counts_what_is_served(weights: Path) -> None:
    found = json.loads((weights / "refusal-test.json").read_text())
    assert found["lesions"]["photos"] == 7 and found["phone"] is None
    assert {kind: each["photos"] for kind, each in found["others"].items()} == {"PAD-UFES-20, photo by phone": 4}
    read = sum(kind.get("", 0) for kind in found["everyday"].values())
    photos = sum(kind["photos"] for kind in found["everyday"].values())
    assert photos > 15
    assert found["everyday_refused"][0] == pytest.approx(1 - read / photos, abs=1e-4)
    report = (weights / "refusal-test.md").read_text()
    assert all(f"| {kind} | " in report for kind in ("drawings", "sample photos", "skin without a lesion"))
