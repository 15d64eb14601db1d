"""attribution: the map lies where the networks found something, and the drawing shows it on the lesion."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.analysis import CLASSES, Analysis, Lesion, Quality, Refusal, Risk
from inference.drawing.heatmap import draw_heatmap
from inference.drawing.words import CaptionOptions
from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.attribution import Attribution, heatmap
from inference.pipeline.framing import Framing
from inference.pipeline.orientation import ORIENTATIONS, Orientation
from inference.registry.registry import Registry
from tests.inference.pictures import skin, spot_mask

SIZES = [(200, 150), (150, 200), (300, 1400), (640, 480)]


def found_at(row: int, column: int, square: tuple[float, float, float], weight: float = 1.0) -> Attribution:
    """A network that found one cell of 10 x 10 to speak for the first class, and the rest against it."""
    maps = np.full((7, 10, 10), -1.0, np.float32)
    maps[0, row, column] = 3.0
    return Attribution(maps, square, weight)


def hottest(heat: np.ndarray, width: int) -> tuple[float, float]:
    """Where the heat is highest, x and y in pixels of a photo of this width."""
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    return (x + 0.5) * width / heat.shape[1], (y + 0.5) * width / heat.shape[1]


@pytest.mark.parametrize("size", SIZES)
def test_the_heat_lies_where_its_cell_does(size: tuple[int, int]) -> None:
    width, height = size
    square = (width * 0.6, height * 0.4, min(size) * 0.5)
    heat = heatmap([found_at(2, 7, square)], {0: 0.5}, (height, width))
    assert heat.shape[0] / heat.shape[1] == pytest.approx(height / width, rel=0.05)
    assert (heat.min(), heat.max()) == pytest.approx((0, 1))
    expected = (square[0] + 0.25 * square[2], square[1] - 0.25 * square[2])  # middle of the cell 2 down, 7 across
    assert hottest(heat, width) == pytest.approx(expected, abs=max(size) / 100)
    scale = heat.shape[1] / width
    rows, columns = np.indices(heat.shape)
    away = np.hypot(columns + 0.5 - expected[0] * scale, rows + 0.5 - expected[1] * scale)
    assert heat[away > 0.25 * square[2] * scale].max() < 0.02


def test_what_speaks_against_a_class_and_what_speaks_for_others_does_not_glow() -> None:
    assert not heatmap([found_at(2, 7, (100, 100, 100))], {1: 1.0}, (200, 200)).any()


def test_several_classes_glow_by_what_each_counts() -> None:
    maps = np.zeros((7, 10, 10), np.float32)
    maps[0, 2, 2], maps[3, 7, 7], maps[5, 2, 7] = 1.0, 50.0, 9.0
    heat = heatmap([Attribution(maps, (100, 100, 200), 1.0)], {0: 0.2, 3: 0.4}, (200, 200))
    assert hottest(heat, 200) == pytest.approx((150, 150), abs=3)
    assert heat[48:52, 48:52].max() == pytest.approx(0.5, abs=0.02)
    assert heat[48:52, 148:152].max() < 0.02, "a class that does not count"


def test_networks_count_by_their_weight_and_not_by_their_units() -> None:
    strong, weak = found_at(1, 1, (100, 100, 200), 0.8), found_at(8, 8, (100, 100, 200), 0.2)
    loud = Attribution(weak.maps * 1000, weak.square, weak.weight)
    heat = heatmap([strong, loud], {0: 1.0}, (200, 200))
    assert hottest(heat, 200) == pytest.approx((30, 30), abs=3)
    assert heat[168:172, 168:172].max() == pytest.approx(0.25, abs=0.02)


@pytest.fixture(scope="module")
def analyzer(weights: Path) -> Analyzer:
    return Analyzer.load(Registry.load(weights))


def test_an_explanation_belongs_to_the_analysis_and_turns_with_the_photo(analyzer: Analyzer) -> None:
    pixels = skin(320, 240)
    pixels[40:60, 240:280] //= 2  # so that no two orientations look alike
    analysis, heat = analyzer.explain(Photo(pixels))
    assert analysis.probabilities == analyzer.analyze(Photo(pixels)).probabilities
    assert heat is not None and heat.shape == (192, 256)
    assert heat.max() == pytest.approx(1) and heat.std() > 0.01
    for orientation in ORIENTATIONS:
        _, turned = analyzer.explain(Photo(np.ascontiguousarray(orientation.apply(pixels))))
        assert turned is not None
        np.testing.assert_allclose(turned, orientation.apply(heat), atol=1e-3)


def test_a_coarse_map_of_a_part_lies_where_that_part_was_cut_out() -> None:
    framing = Framing(Orientation(False, True, False), (600, 400), (60, 100, 360, 300), None)
    whole = framing.as_taken(np.ones((20, 30), np.float32))
    expected = np.zeros((40, 60), np.float32)
    expected[10:30, 24:54] = 1
    np.testing.assert_array_equal(whole, expected)


def test_a_refused_photo_has_no_heat(analyzer: Analyzer) -> None:
    analysis, heat = analyzer.explain(Photo(skin(8, 8)))
    assert analysis.refusal is Refusal.TOO_SMALL and heat is None


def drawn(size: tuple[int, int], heat: np.ndarray, language: str = "en") -> np.ndarray:
    width, height = size
    shares = dict.fromkeys(CLASSES, 0.02) | {"mel": 0.88}
    lesion = Lesion((0.0, 0.0, 1.0, 1.0), spot_mask(*size), 0.9)
    analysis = Analysis("mel", shares, lesion, Quality(width, height, 1.0, 1.0), None, Risk.HIGH)
    return draw_heatmap(Photo(skin(*size)), analysis, heat.astype(np.float32), CaptionOptions(language)).pixels


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_map_glows_and_the_lesion_shows_through(size: tuple[int, int], language: str) -> None:
    width, height = size
    heat = np.zeros((height // 4, width // 4))
    middle = np.s_[height * 4 // 10 // 4 : height * 6 // 10 // 4, width * 4 // 10 // 4 : width * 6 // 10 // 4]
    heat[middle] = 1
    cold, hot = drawn(size, np.zeros_like(heat), language)[:height], drawn(size, heat, language)[:height]
    centre = np.s_[height // 2 - 5 : height // 2 + 5, width // 2 - 5 : width // 2 + 5]
    inferno = cv2.applyColorMap(np.array([[255]], np.uint8), cv2.COLORMAP_INFERNO)[0, 0, ::-1]
    assert (hot[centre].mean((0, 1)) > cold[centre].mean((0, 1)) + 60)[:2].all(), "yellow is added to the spot"
    assert (np.abs(hot[centre].astype(float) - inferno) > 20).any(), "the spot is not painted over"
    before, after = (picture[centre].mean(2).ravel() for picture in (skin(*size), hot))
    assert np.corrcoef(before, after)[0, 1] > 0.8
    # Where nothing counted, the photo stays as bright as it was, only greyer.
    assert cold[centre].mean() == pytest.approx(skin(*size)[centre].mean(), abs=12)
    assert np.ptp(cold[centre].mean((0, 1))) < np.ptp(skin(*size)[centre].mean((0, 1))) / 2


def test_a_legend_tells_the_colours_in_both_languages() -> None:
    nothing = np.zeros((240, 320))
    english, russian = (drawn((640, 480), nothing, language) for language in ("en", "ru"))
    assert not np.array_equal(english, russian)
    for picture in (english, russian):
        # The scale ends as bright as the map gets: yellow, which nothing else in this picture is.
        yellow = (picture.astype(int)[..., :2].min(2) - picture.astype(int)[..., 2]) > 30
        assert 3 < yellow.sum() < 2000


def test_a_refusal_cannot_be_drawn() -> None:
    refused = Analysis(None, {}, None, Quality(1, 1, 1.0, 1.0), None, None)
    with pytest.raises(ValueError, match="no explanation"):
        draw_heatmap(Photo(skin()), refused, np.zeros((10, 10), np.float32))
