"""The gate: what it reads, how it is fitted, and that it is released for one segmenter."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from inference.analyzer import Analyzer
from inference.registry import Registry, RegistryError
from models import everyday, gate_scores
from models.__main__ import main
from models.gate import KINDS, Gate, watched
from models.gate_fit import threshold_for
from models.gate_pictures import NEAREST, changed, close_up, reframed
from models.release import load_release
from models.segmenter import build_segmenter
from tests.models import drawn_ham

ROOT = Path(__file__).parents[2]


def test_features_are_the_layers_averages() -> None:
    torch.manual_seed(0)
    network = build_segmenter().eval()
    photos = torch.rand(2, 3, 64, 64)
    with torch.inference_mode(), watched(network, (4, 9)) as seen:
        network(photos)
        network(photos[:1])
    values, expected = photos, []
    with torch.inference_mode():
        for number, layer in enumerate(network.model[:10]):
            values = layer(values)
            if number in (4, 9):
                expected.append(values.mean((2, 3)))
    assert [len(each) for each in seen] == [2, 1]
    assert torch.allclose(seen[0], torch.cat(expected, 1), atol=1e-6)
    with torch.inference_mode():
        network(photos)
    assert len(seen) == 2, "nothing watches any more"


def test_odds_weigh_a_lesion_against_all_else() -> None:
    gate = Gate(4)
    features = torch.randn(5, 4)
    shares = gate(features).exp()
    assert shares.shape == (5, len(KINDS)) and torch.allclose(shares.sum(1), torch.ones(5))
    assert torch.allclose(gate.lesion_odds(features), torch.logit(shares[:, 0]), atol=1e-5)


def test_the_linear_classifier_finds_what_is_there_on_any_scale() -> None:
    chance = torch.Generator().manual_seed(0)
    kinds = np.repeat([0, 1, 2], [300, 40, 100])
    features = torch.randn(440, 6, generator=chance) * torch.tensor([0.01, 1, 100, 1, 1, 1])
    features[:, 0] += torch.from_numpy(kinds == 0) * 0.06
    features[:, 2] += torch.from_numpy(kinds == 1) * 600
    gate = gate_scores.fit_gate(features, kinds, 0.1)
    assert (gate(features).argmax(1).numpy() == kinds).mean() > 0.98


@pytest.mark.parametrize("score", [gate_scores.mahalanobis, gate_scores.nearest])
def test_distances_tell_what_was_not_learnt(score: Callable[[torch.Tensor, torch.Tensor], np.ndarray]) -> None:
    chance = torch.Generator().manual_seed(0)
    learnt, alike = (1 + 0.1 * torch.randn(200, 5, generator=chance) for _ in range(2))
    other = torch.tensor([-1.0, 1, 1, 1, 1]) + 0.1 * torch.randn(50, 5, generator=chance)
    assert score(alike, learnt).min() > score(other, learnt).max()


def test_energy_is_high_where_any_class_is_sure() -> None:
    assert gate_scores.energy(torch.tensor([[9.0, 0, 0], [0.0, 0, 0]])).tolist() == pytest.approx(
        [9.00025, 1.09861], abs=1e-5
    )


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
    """A gate fitted on drawn lesions and few everyday pictures, for the segmenter that is released with the project."""
    folder = tmp_path_factory.mktemp("release") / "weights"
    shutil.copytree(ROOT / "weights", folder)
    with pytest.MonkeyPatch.context() as patch:
        python = tuple(source for source in everyday.SOURCES if not source.folder.startswith("/"))
        patch.setattr(everyday, "SOURCES", python)
        patch.setattr(everyday, "DRAWN_EACH", 3)
        where = ["--data", str(data), "--weights", str(folder)]
        assert main(["gate", *where]) == 0
        assert main(["refusal", *where, "--split", "test"]) == 0
    return folder


@pytest.mark.timeout(300)
def test_a_gate_is_released_for_the_served_segmenter(weights: Path) -> None:
    release = load_release(weights / "registry.json")
    gate, segmenter = release.served_gate, release.served_segmenter
    assert (gate.segmenter, gate.segmenter_sha256) == (segmenter.key, segmenter.sha256)
    assert load_file(weights / gate.file)["linear.weight"].shape == (3, gate.features)
    assert gate.trials[-1].what == "linear on features" and len({trial.what for trial in gate.trials}) > 4
    assert all(0 <= value <= 1 for trial in gate.trials for value in (trial.auc, trial.lost, trial.refused))
    assert (weights / "refusal.png").read_bytes().startswith(b"\x89PNG")
    Analyzer(Registry.load(weights))


@pytest.mark.timeout(300)
def test_the_report_counts_what_is_served(weights: Path) -> None:
    found = json.loads((weights / "refusal-test.json").read_text())
    assert found["lesions"]["photos"] == 7 and found["phone"] is None
    read = sum(kind.get("", 0) for kind in found["everyday"].values())
    photos = sum(kind["photos"] for kind in found["everyday"].values())
    assert photos > 15
    assert found["everyday_refused"][0] == pytest.approx(1 - read / photos, abs=1e-4)
    text = (weights / "refusal-test.md").read_text()
    assert all(f"| {kind} | " in text for kind in ("drawings", "sample photos", "skin without a lesion"))


@pytest.mark.timeout(300)
def test_another_segmenter_needs_another_gate(weights: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(weights, tmp_path / "weights"))
    registry = json.loads((folder / "registry.json").read_text())
    for segmenter in registry["segmenters"]:
        segmenter["sha256"] = "0" * 64
    (folder / "registry.json").write_text(json.dumps(registry))
    with pytest.raises(RegistryError, match="python -m models gate"):
        Registry.load(folder)
