"""registry: what is served is what was released; anything else is one clear line that names the file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.pipeline.analyzer import Analyzer
from inference.registry.file import RegistryFile
from inference.registry.registry import Registry, RegistryError
from inference.registry.schema import ClassifierInput, FileEntry
from tests.inference.releases import (
    BACKBONE_FILE,
    CLASSIFIER_FILE,
    GATE_FILE,
    SEGMENTER_FILE,
    accept,
    edit_member,
)


def complaint(folder: Path) -> str:
    """The one line that loading everything in a folder ends with."""
    with pytest.raises(RegistryError) as caught:
        Analyzer.load(Registry.load(folder))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_release_loads(weights: Path) -> None:
    registry = Registry.load(weights)
    assert registry.titles == {"classifier": "fixcaps 0.0.1", "segmenter": "yolov8n-seg 0.0.1", "gate": "gate 0.0.1"}
    assert [file.path for file in registry.classifier.files] == [weights / CLASSIFIER_FILE]
    Analyzer.load(registry)


def test_no_folder_and_no_registry(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere" / "registry.json") in complaint(tmp_path / "nowhere")
    assert "No such file" in complaint(tmp_path)


def without_classifiers(text: str) -> str:
    return json.dumps({key: value for key, value in json.loads(text).items() if key != "classifiers"})


def with_other_classes(text: str) -> str:
    registry = json.loads(text)
    registry["classifiers"][0]["classes"].reverse()
    return json.dumps(registry)


@pytest.mark.parametrize(
    "damage", [lambda text: "", lambda text: text[:100], lambda text: "[1, 2]", without_classifiers, with_other_classes]
)
def test_a_damaged_registry(own_weights: Path, damage: Callable[[str], str]) -> None:
    path = own_weights / "registry.json"
    path.write_text(damage(path.read_text()))
    assert str(path) in complaint(own_weights)


def test_a_registry_that_serves_what_it_does_not_list(own_weights: Path) -> None:
    path = own_weights / "registry.json"
    path.write_text(path.read_text().replace('"classifier": "fixcaps-0.0.1"', '"classifier": "fixcaps-9.9.9"'))
    message = complaint(own_weights)
    assert str(path) in message and "fixcaps-9.9.9" in message


@pytest.mark.parametrize("name", [CLASSIFIER_FILE, SEGMENTER_FILE, GATE_FILE, BACKBONE_FILE])
class TestAServedFile:
    def test_missing(self, own_weights: Path, name: str) -> None:
        (own_weights / name).unlink()
        message = complaint(own_weights)
        assert str(own_weights / name) in message and "cannot read" in message

    def test_with_one_bit_changed(self, own_weights: Path, name: str) -> None:
        content = bytearray((own_weights / name).read_bytes())
        content[len(content) // 2] ^= 1
        (own_weights / name).write_bytes(content)
        message = complaint(own_weights)
        assert str(own_weights / name) in message and "damaged" in message

    def test_cut_short(self, own_weights: Path, name: str) -> None:
        (own_weights / name).write_bytes((own_weights / name).read_bytes()[:-1])
        assert str(own_weights / name) in complaint(own_weights)

    def test_that_holds_no_network(self, own_weights: Path, name: str) -> None:
        (own_weights / name).write_bytes(b"no graph")
        accept(own_weights, name)
        message = complaint(own_weights)
        assert str(own_weights / name) in message
        assert ("no gate" if name == GATE_FILE else "no ONNX network") in message


def test_a_segmenter_of_another_network(own_weights: Path) -> None:
    shutil.copy(own_weights / CLASSIFIER_FILE, own_weights / SEGMENTER_FILE)
    accept(own_weights, SEGMENTER_FILE)
    message = complaint(own_weights)
    assert str(own_weights / SEGMENTER_FILE) in message and "another network" in message


def test_a_classifier_of_another_size(own_weights: Path) -> None:
    edit_member(own_weights, input=ClassifierInput(size=96, view="lesion", margin=1.4))
    message = complaint(own_weights)
    assert str(own_weights / CLASSIFIER_FILE) in message and "does not read 96 x 96 px" in message


def test_a_file_that_is_not_served_may_be_missing(own_weights: Path) -> None:
    registry = RegistryFile.load(own_weights)
    absent = FileEntry(file="absent.onnx", sha256="0" * 64)
    older = registry.served_segmenter.with_changes(version="0.0.0", served=absent)
    registry.register(older).register(registry.served_segmenter).save(own_weights)
    assert Registry.load(own_weights).segmenter.entry.version == "0.0.1"
