"""Photos and answers against the validation set, with figures that are known."""

from pathlib import Path

import numpy as np
import pytest

from inference.analysis import Analysis, Lesion, Quality, Risk
from inference.drift import ENOUGH, LABEL, PSI_LIMIT, Distribution, Reference, features, psi, references

Seen = list[tuple[str, dict[str, float]]]


def seen(labels: dict[str, int], sharpness: tuple[float, float]) -> Seen:
    """Photos of these classes, whose sharpness is spread evenly over a range in each class."""
    return [
        (label, {"sharpness": float(value)})
        for label, count in labels.items()
        for value in np.linspace(*sharpness, count)
    ]


VAL = Reference.of(seen({"nv": 400, "mel": 100}, (0.3, 0.6)))


def test_the_index_is_that_of_the_textbook() -> None:
    # (0.5 - 0.8) ln(0.5 / 0.8) + (0.5 - 0.2) ln(0.5 / 0.2)
    assert psi([0.8, 0.2], [0.5, 0.5]) == pytest.approx(0.4159, abs=1e-4)
    assert 1 < psi([1.0, 0.0], [0.0, 1.0]) < 20, "an empty part stays finite"


def test_photos_like_those_of_validation_do_not_drift() -> None:
    found = VAL.drift(seen({"nv": 80, "mel": 20}, (0.3, 0.6)))
    assert set(found) == {LABEL, "sharpness"} and max(found.values()) < 0.1


def test_blurred_photos_drift_by_their_sharpness_and_another_mix_by_its_classes() -> None:
    blurred = VAL.drift(seen({"nv": 80, "mel": 20}, (0.2, 0.4)))
    assert blurred["sharpness"] > PSI_LIMIT > blurred[LABEL]
    others = VAL.drift(seen({"nv": 50, "mel": 50}, (0.3, 0.6)))
    assert others[LABEL] == pytest.approx(0.4159, abs=1e-4) and others["sharpness"] < PSI_LIMIT


def test_a_few_photos_tell_nothing() -> None:
    assert VAL.drift(seen({"nv": ENOUGH - 1}, (0.3, 0.6))) == {}
    assert Reference.of(seen({"nv": ENOUGH - 1}, (0.3, 0.6))).drift(seen({"nv": 500}, (0.3, 0.6))) == {}


def test_answers_from_before_features_were_kept_drift_by_class_alone() -> None:
    assert set(VAL.drift([("nv", {})] * 150)) == {LABEL}


def test_a_value_that_is_always_the_same_has_one_part_for_it() -> None:
    found = Distribution.of([0.5] * 20)
    assert found.psi([0.5] * 9) == 0 and found.psi([0.4] * 9) > PSI_LIMIT


def test_the_features_of_a_photo_are_its_quality_and_the_size_of_the_spot() -> None:
    mask = np.zeros((10, 10), np.bool_)
    mask[:5, :4] = True
    analysis = Analysis(
        "nv", {}, Lesion((0, 0, 4, 5), mask, 0.9), Quality(10, 10, 0.4, 0.7, contrast=0.12), None, Risk.LOW
    )
    assert features(analysis) == {"sharpness": 0.4, "brightness": 0.7, "contrast": 0.12, "area": 0.2}
    assert "area" not in features(Analysis(None, {}, None, analysis.quality, None, None))


def test_a_folder_without_a_report_knows_nothing(tmp_path: Path) -> None:
    assert references(tmp_path, "fixcaps 1.0.0") == {}
    (tmp_path / "kinds-val.json").write_text("{}")
    assert references(tmp_path, "fixcaps 1.0.0") == {}
