"""What a new classifier has to hold before it may serve, on real files and drawn photos."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference.classes import CLASSES
from inference.domains import DOMAINS
from inference.registry.file import RegistryFile
from inference.registry.registry import Registry
from inference.registry.tensors import EXPLAIN, LOG_ODDS, SQUARES
from models.__main__ import main
from models.release import publish as module
from tests.inference.releases import CLASSIFIER_FILE, domain, edit_member, edit_registry, served, write_release
from tests.models import drawn_sets

OLD, NEW = "fixcaps-0.0.1", "fixcaps-0.0.2"


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return drawn_sets.all_sets(tmp_path_factory.mktemp("sets"), {"val": 9})


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It warns of everything."""
    folder = write_release(tmp_path_factory.mktemp("release"))
    edit_registry(folder, "classifier", domains=dict.fromkeys(DOMAINS, domain(suspicious=0.0)))
    return folder


@pytest.fixture
def weights(release: Path, tmp_path: Path) -> Path:
    """What serves."""
    return Path(shutil.copytree(release, tmp_path / "weights"))


@pytest.fixture
def candidate(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same network as the one that serves, as another version."""
    monkeypatch.setattr(module, "ROUNDS", 20)
    monkeypatch.setattr("models.evaluation.kinds.ROUNDS", 5)
    folder = Path(shutil.copytree(release, tmp_path / "candidate"))
    file = RegistryFile.load(folder)
    file.register(file.served_classifier.with_changes(version="0.0.2")).save(folder)
    return folder


def run(candidate: Path, weights: Path, sets: list[Path], *more: str) -> int:
    return main(["publish", str(candidate), "--data", *map(str, sets), "--weights", str(weights), *more])


def test_one_that_holds_is_entered_with_its_report_and_does_not_serve_yet(
    candidate: Path, weights: Path, sets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(candidate, weights, sets) == 0
    out = capsys.readouterr().out
    assert "HAM10000, dermatoscope: melanoma_warned 1.000 -> 1.000" in out and f"published {NEW}" in out
    file = RegistryFile.load(weights)
    assert (file.classifier, [each.key for each in file.classifiers]) == (OLD, [OLD, NEW])
    assert file.find_classifier(NEW).metrics["val"]["melanoma_warned"][0] == 1
    assert Registry.load(weights, NEW).classifier.entry.key == NEW
    for key in (OLD, NEW):
        report = json.loads((weights / f"kinds-val-{key}.json").read_text())
        assert "PAD-UFES-20, photo by phone" in report["tables"]["By set and kind of picture"]
    assert (weights / f"{NEW}.md").is_file()
    # A version stands for one classifier for ever.
    assert run(candidate, weights, sets) == 1
    assert f"{NEW} is in" in capsys.readouterr().err


def test_one_that_misses_melanomas_is_published_by_force_alone(
    candidate: Path, weights: Path, sets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    edit_registry(candidate, "classifier", domains=dict.fromkeys(DOMAINS, domain(suspicious=1.0, melanoma=1.0)))
    before = sorted(each.name for each in weights.iterdir())
    assert run(candidate, weights, sets) == 1
    assert f"worse than {OLD} beyond noise" in (error := capsys.readouterr().err)
    assert "HAM10000, dermatoscope: melanoma_warned 1.000 -> 0.000" in error
    assert sorted(each.name for each in weights.iterdir()) == before
    assert run(candidate, weights, sets, "--force") == 0
    assert NEW in [each.key for each in RegistryFile.load(weights).classifiers]


def test_a_damaged_file_is_not_published(
    candidate: Path, weights: Path, sets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = candidate / CLASSIFIER_FILE
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert run(candidate, weights, sets) == 1
    assert "is damaged or another file" in capsys.readouterr().err


def test_one_that_answers_by_chance_is_not_published(
    candidate: Path, weights: Path, sets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_dice(candidate / "dice.onnx")
    edit_member(candidate, served=served(candidate / "dice.onnx"))
    assert run(candidate, weights, sets, "--force") == 1
    assert "the same photo gets another answer each time" in capsys.readouterr().err


def write_dice(path: Path) -> None:
    """A network that throws dice."""
    nodes = [
        helper.make_node("Cast", [SQUARES], ["light"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["light"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["colour", "nothing"], ["zeros"]),
        helper.make_node("RandomNormalLike", ["zeros"], [LOG_ODDS], scale=5.0),
        helper.make_node("Not", [EXPLAIN], ["unused"]),
    ]
    given = [
        helper.make_tensor_value_info(SQUARES, TensorProto.UINT8, ["photos", 64, 64, 3]),
        helper.make_tensor_value_info(EXPLAIN, TensorProto.BOOL, []),
    ]
    answers = [helper.make_tensor_value_info(LOG_ODDS, TensorProto.FLOAT, ["photos", len(CLASSES)])]
    nothing = numpy_helper.from_array(np.zeros((3, len(CLASSES)), np.float32), "nothing")
    graph = helper.make_graph(nodes, "dice", given, answers, [nothing])
    opset = [helper.make_opsetid("", 17)]
    path.write_bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())
