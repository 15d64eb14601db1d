"""The pictures drawn by code."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.samples import SAMPLES, SIZE, sample
from inference.analysis import Refusal
from inference.photo import decode
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import Registry


def pixels(name: str) -> NDArray[np.float64]:
    with Image.open(io.BytesIO(sample(name))) as image:
        return np.asarray(image.convert("RGB"), np.float64)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_skin_coloured_and_always_the_same(name: str) -> None:
    picture = pixels(name)
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    red, green, blue = picture[:60].mean(axis=(0, 1))
    assert red > green > blue > (10 if name == "dark" else 100)
    first = sample(name)
    sample.cache_clear()
    assert sample(name) == first


@pytest.mark.parametrize(("name", "darker"), [("mole", True), ("uneven", True), ("blurred", True), ("skin", False)])
def test_a_lesion_is_darker_than_the_skin_around_it(name: str, darker: bool) -> None:
    picture = pixels(name)
    middle, corner = picture[205:245, 280:320].mean(), picture[:40, :40].mean()
    assert (corner - middle > 60) == darker


def test_only_the_blurred_one_is_blurred() -> None:
    detail = {name: float(np.abs(np.diff(pixels(name).mean(axis=2), axis=1)).mean()) for name in SAMPLES}
    assert all(detail[name] > 4 * detail["blurred"] for name in SAMPLES if name not in ("blurred", "dark"))


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The pipeline with the weights that are released with the project."""
    return Analyzer.load(Registry.load())


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("mole", None),
        ("uneven", None),
        ("skin", Refusal.NO_LESION),
        ("blurred", Refusal.BLURRED),
        ("dark", Refusal.TOO_DARK),
    ],
)
def test_the_released_networks_see_in_a_sample_what_its_name_promises(
    analyzer: Analyzer, name: str, refusal: Refusal | None
) -> None:
    analysis = analyzer.analyze(decode(sample(name)))
    assert analysis.refusal is refusal
    assert (analysis.label is None) == (refusal is not None)
