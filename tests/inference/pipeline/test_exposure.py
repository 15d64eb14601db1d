"""exposure: what is darker than anything learnt is brightened for the networks, and nothing else is touched."""

from pathlib import Path

import numpy as np
import pytest

from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.exposure import DARKEST, USUAL, exposed
from inference.pipeline.quality import assess
from inference.registry.registry import Registry
from models.data.corruptions import lit
from tests.inference.pictures import skin


def test_a_photo_in_the_light_stays_as_it_is() -> None:
    photo = skin()
    assert exposed(photo, assess(Photo(photo)).brightness) is photo
    assert exposed(photo, DARKEST) is photo


@pytest.mark.parametrize("factor", [0.2, 0.5])
def test_a_dark_photo_is_brought_to_the_usual_light_with_its_colours(factor: float) -> None:
    dark = lit(factor)(skin())
    bright = exposed(dark, assess(Photo(dark)).brightness)
    assert assess(Photo(bright)).brightness == pytest.approx(USUAL, abs=0.02)
    relative = bright.reshape(-1, 3).mean(0) / bright.mean()
    assert relative == pytest.approx(skin().reshape(-1, 3).mean(0) / skin().mean(), rel=0.03)


def test_black_stays_black() -> None:
    assert not exposed(np.zeros((8, 8, 3), np.uint8), 0.0).any()


def test_the_networks_see_a_dark_photo_in_the_usual_light(weights: Path) -> None:
    analyzer = Analyzer.load(Registry.load(weights))
    dark = lit(0.4)(skin())
    brightness = assess(Photo(dark)).brightness
    analysis = analyzer.analyze(Photo(dark))
    assert analysis.quality.brightness == pytest.approx(brightness), "the quality is that of the photo itself"
    assert analysis.probabilities == analyzer.analyze(Photo(exposed(dark, brightness))).probabilities
