"""The weights that are released with the project, on drawn and on real pictures."""

from pathlib import Path

import numpy as np
import pytest

from inference.analysis import Analysis
from inference.classes import CLASSES
from inference.photo import Photo, decode
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import Registry
from models.data.ham10000 import load
from tests.inference.pictures import encoded, skin

SHARED = Path(__file__).resolve().parents[4] / "shared"


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.load(Registry.load())


def assert_same(one: Analysis, two: Analysis) -> None:
    assert one.refusal == two.refusal
    assert one.label == two.label
    assert list(one.probabilities.values()) == pytest.approx(list(two.probabilities.values()), abs=1e-5)


def test_a_photo_has_one_answer_alone_in_any_batch_shuffled_and_again() -> None:
    analyzer = Analyzer.load(Registry.load(), checked=False)  # drawn by code: the gate sees that they are no photos
    photos = [decode(encoded(skin(320 + 10 * number, 240, seed=number))) for number in range(9)]
    alone = [analyzer.analyze(photo) for photo in photos]
    order = np.random.default_rng(0).permutation(9)
    shuffled = analyzer.analyze_batch([photos[index] for index in order])
    for place, index in enumerate(order):
        assert_same(alone[index], shuffled[place])
    for other in (analyzer.analyze_batch(photos), [analyzer.analyze(photo) for photo in photos]):
        for one, two in zip(alone, other, strict=True):
            assert_same(one, two)
    assert len({round(analysis.probabilities["nv"], 3) for analysis in alone if analysis.label}) > 2


@pytest.mark.skipif(not (SHARED / "ham10000").is_dir(), reason=f"no HAM10000 beside the repository in {SHARED}")
def test_real_lesions_are_outlined_and_mostly_named(analyzer: Analyzer) -> None:
    """The limits are far below the report's figures, so that only wrong weights or a wrong pipeline fail."""
    lesions = load(SHARED / "ham10000", "val", limit=60)
    found = analyzer.analyze_batch([Photo(image) for image in lesions.images])
    right = [analysis.label == CLASSES[label] for analysis, label in zip(found, lesions.labels, strict=True)]
    jaccards = [
        (analysis.lesion.mask & mask).sum() / (analysis.lesion.mask | mask).sum() if analysis.lesion else 0.0
        for analysis, mask in zip(found, lesions.masks, strict=True)
    ]
    assert np.mean(right) > 0.5
    assert np.mean(jaccards) > 0.75


@pytest.mark.skipif(not (SHARED / "phone").is_dir(), reason=f"no phone photos beside the repository in {SHARED}")
def test_phone_photos_are_read(analyzer: Analyzer) -> None:
    found = [analyzer.analyze(decode(path.read_bytes())) for path in sorted((SHARED / "phone").glob("*.jpg"))]
    assert len(found) == 10
    assert sum(analysis.label is not None for analysis in found) >= 8
