"""Networks that learnt from several sets become one release."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from inference.registry.file import RegistryFile
from models.release.export import export
from tests.models import drawn_sets

WEIGHTS = Path(__file__).parents[3] / "weights"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The served segmenter and FixCaps once more, with calibration for drawn sets."""
    roots = drawn_sets.all_sets(tmp_path_factory.mktemp("sets"), {"train": 9, "val": 45})
    served, weights = RegistryFile.load(WEIGHTS), tmp_path_factory.mktemp("weights")
    fixcaps = next(member for member in served.served_classifier.members if member.network == "fixcaps")
    segmenter = WEIGHTS / served.served_segmenter.served.file
    export([segmenter, WEIGHTS / fixcaps.served.file], roots, "9.9.9", weights)
    return weights


def test_networks_released_before_are_joined_under_a_new_version(released: Path) -> None:
    registry, before = RegistryFile.load(released), RegistryFile.load(WEIGHTS)
    classifier = registry.served_classifier
    assert (classifier.key, registry.served_segmenter.key) == ("fixcaps-9.9.9", "yolov8n-seg-9.9.9")
    assert set(classifier.members) <= set(before.served_classifier.members), "they keep their files"
    assert registry.served_segmenter.served == before.served_segmenter.served
    assert set(classifier.domains) == {"dermatoscope", "phone"}


def test_the_release_joins_a_person_s_answers(released: Path) -> None:
    joint = RegistryFile.load(released).joint
    assert joint is not None and joint.classifier == "fixcaps-9.9.9"
    assert "9 training and 45 validation photos" in joint.data
    assert np.abs(load_file(released / joint.served.file)["weight"]).max() > 0.01, "answers say something"
