"""The field of view: what surrounds the skin changes neither the stated quality nor the answer."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import Risk
from inference.photo import Photo, decode
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.field_of_view import field_of_view
from inference.pipeline.framing import Framing
from inference.pipeline.quality import assess, refusal
from inference.registry.registry import DEFAULT_WEIGHTS, Registry
from tests.inference.pictures import skin

CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases"


def surrounded(value: int, soft: float = 0, radius: int = 90) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:240, :320]
    disc = ((rows - 120) ** 2 + (columns - 160) ** 2 < radius**2).astype(np.float32)
    share = (cv2.GaussianBlur(disc, (0, 0), soft) if soft else disc)[..., None]
    return np.rint(skin() * share + value * (1 - share)).astype(np.uint8)


@pytest.mark.parametrize(("value", "soft"), [(0, 0), (0, 3), (20, 1), (255, 0)])
def test_a_round_field_is_found_on_black_and_white(value: int, soft: float) -> None:
    field = field_of_view(surrounded(value, soft))
    assert field is not None and field.worth_cropping
    assert field.box == pytest.approx((70, 30, 251, 211), abs=6)
    assert field.inside[120, 160] and not field.inside[40, 80]


def test_a_photo_that_skin_fills_has_no_surround() -> None:
    dark_corner = skin()
    dark_corner[:60, :60] = 10
    for pixels in (skin(), dark_corner, np.zeros((240, 320, 3), np.uint8), np.full((240, 320, 3), 255, np.uint8)):
        assert field_of_view(pixels) is None
    assert Framing.of(skin()).window == (0, 0, 320, 240)


def test_a_ragged_shape_on_white_paper_is_no_field_of_view() -> None:
    page = np.full((240, 320, 3), 255, np.uint8)
    page[100:140, 40:280] = page[40:200, 140:180] = (120, 90, 80)
    assert field_of_view(page) is None


@pytest.mark.parametrize(("value", "soft"), [(0, 0), (0, 3), (255, 0)])
def test_quality_is_judged_inside_the_field(value: int, soft: float) -> None:
    pixels = surrounded(value, soft)
    framing = Framing.of(pixels)
    quality = assess(Photo(framing.cut(pixels)), framing.field)
    assert refusal(quality) is None and quality.glare == 0
    assert quality.brightness == pytest.approx(assess(Photo(skin())).brightness, abs=0.03)
    assert quality.sharpness == pytest.approx(assess(Photo(skin())).sharpness, abs=0.12)


def test_what_is_found_in_the_field_lies_where_it_lay_in_the_photo() -> None:
    pixels = np.roll(surrounded(0, radius=60), (30, -50), axis=(0, 1))
    framing = Framing.of(pixels)
    part = framing.cut(pixels)
    assert part.shape[0] < 140
    back = framing.as_taken(part[..., 0])
    seen = back > 0
    assert np.array_equal(back[seen], pixels[..., 0][seen]) and seen[150, 110]
    rows, columns = np.nonzero(seen)
    box = framing.box_as_taken((0, 0, part.shape[1], part.shape[0]))
    assert box == pytest.approx((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), abs=3)


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside the repository")
def test_the_shared_surrounds_change_no_answer() -> None:
    analyzer = Analyzer.load(Registry.load(DEFAULT_WEIGHTS))

    def analysed(name: str):  # type: ignore[no-untyped-def]
        return analyzer.analyze(decode((CASES / name).read_bytes()))

    plain = analysed("spot2.jpg")
    assert plain.risk is not Risk.LOW
    # Amid more skin the spot is smaller in the photo: the answer may be surer, and stays a warning.
    assert analysed("spot2_skin_surround.jpg").risk in (Risk.RAISED, Risk.HIGH)
    for name in ("spot2_black_surround_hard.jpg", "spot2_black_surround_soft.jpg"):
        found = analysed(name)
        assert found.risk is plain.risk and found.lesion is not None
        assert found.lesion.box == pytest.approx((308, 214, 590, 450), abs=6), "the spot's box, not the field's"
    for name in ("dark_corners_soft8.jpg", "cutout_transparent.png"):
        assert analysed(name).refusal is None
