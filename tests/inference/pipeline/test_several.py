"""Several lesions in one photo, read by the released networks: each is read, and the worst is the answer."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import Analysis, Lesion, Risk
from inference.batches import at_taken_size
from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.attribution import Attribution
from inference.pipeline.several import LesionResult, View
from inference.record import record
from inference.registry.registry import DEFAULT_WEIGHTS, Registry
from tests.inference.pictures import skin

CENTRES = ((120, 180), (360, 180))
"""Of the spots of `two_spots`, x and y in pixels."""


def two_spots(left: int = 0, right: int = 1) -> Photo:
    """Two spots side by side, each on skin of its own; 480 x 360."""
    return Photo(np.concatenate([skin(240, 360, left), skin(240, 360, right)], axis=1))


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.load(Registry.load(DEFAULT_WEIGHTS), threads=1)


@pytest.fixture(scope="module")
def analysis(analyzer: Analyzer) -> Analysis:
    return analyzer.analyze(two_spots())


def holds(box: tuple[float, float, float, float], point: tuple[int, int]) -> bool:
    return box[0] < point[0] < box[2] and box[1] < point[1] < box[3]


def test_both_of_two_spots_are_outlined(analysis: Analysis) -> None:
    assert analysis.lesion is not None
    [other] = analysis.more_lesions
    for x, y in CENTRES:
        assert [bool(lesion.mask[y, x]) for lesion in (analysis.lesion, other)].count(True) == 1
        assert [holds(lesion.box, (x, y)) for lesion in (analysis.lesion, other)].count(True) == 1


def test_one_spot_is_no_several(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(Photo(skin(480, 360)))
    assert analysis.lesion is not None and analysis.more_lesions == ()


def test_company_changes_nothing(analyzer: Analyzer, analysis: Analysis) -> None:
    _, together, _ = analyzer.analyze_batch([Photo(skin(480, 360)), two_spots(), Photo(skin(8, 8))])
    assert together.risk == analysis.risk and len(together.more_lesions) == 1
    assert list(together.probabilities.values()) == pytest.approx(list(analysis.probabilities.values()), abs=1e-4)


def test_the_worst_lesion_is_the_answer() -> None:
    lesion = View.close_up(two_spots(), any_lesion()).lesion
    shares = {"mel": 0.1, "akiec": 0.0, "bcc": 0.0, "scc": 0.0, "nv": 0.9}
    view = View(two_spots(), lesion)
    calm, worried, worse = (
        LesionResult(lesion, view, shares, Risk.LOW),
        LesionResult(lesion, view, shares, Risk.RAISED),
        LesionResult(lesion, view, shares | {"mel": 0.2}, Risk.RAISED),
    )
    assert max([calm, worse, worried], key=lambda result: result.severity) is worse
    assert min([worried, calm, worse], key=lambda result: result.severity) is calm


def any_lesion() -> Lesion:
    mask: NDArray[np.bool_] = np.zeros((360, 480), np.bool_)
    mask[150:210, 300:420] = True
    return Lesion((300.0, 150.0, 420.0, 210.0), mask, 0.9)


def test_a_warning_of_any_spot_is_the_warning_of_the_photo(analyzer: Analyzer) -> None:
    every = [analyzer.analyze(two_spots(2 * seed, 2 * seed + 1)) for seed in range(3)]
    assert all(len(each.more_lesions) == 1 for each in every)
    assert {holds(each.lesion.box, CENTRES[0]) for each in every if each.lesion} == {True, False}, "either may be worse"


def test_a_close_up_shows_the_lesion_with_the_skin_around_it() -> None:
    photo, lesion = two_spots(), any_lesion()
    view = View.close_up(photo, lesion)
    assert (view.left, view.top) == (180, 0)
    assert (view.photo.width, view.photo.height) == (300, 360), "as far as the photo reaches"
    np.testing.assert_array_equal(view.photo.pixels, photo.pixels[:360, 180:480])
    assert view.lesion.box == (120.0, 150.0, 240.0, 210.0)
    assert view.lesion.mask.sum() == lesion.mask.sum() and view.lesion.mask[150, 120]
    placed = view.placed(Attribution(np.zeros((8, 2, 2), np.float32), (150.0, 180.0, 300.0), 0.5))
    assert placed.square == (330.0, 180.0, 300.0)


def test_what_spoke_for_the_answer_glows_where_its_lesion_is(analyzer: Analyzer) -> None:
    for left in (0, 2):
        analysis, heat = analyzer.explain(two_spots(left, left + 1))
        assert heat is not None and analysis.lesion is not None
        middle = heat.shape[1] // 2
        on_the_left = heat[:, :middle].sum() > heat[:, middle:].sum()
        assert on_the_left == holds(analysis.lesion.box, CENTRES[0])


def test_programs_get_the_boxes_of_all_in_pixels_of_the_file(analysis: Analysis) -> None:
    [box] = record(analysis)["more_lesions"]
    assert box == pytest.approx(analysis.more_lesions[0].box, abs=0.01)
    taken = at_taken_size(replace(two_spots(), taken_size=(960, 720)), analysis)
    [doubled] = record(taken)["more_lesions"]
    assert doubled == pytest.approx([2 * edge for edge in box], abs=0.02)
    assert taken.lesion is not None and analysis.lesion is not None
    assert taken.lesion.box == pytest.approx([2 * edge for edge in analysis.lesion.box])
