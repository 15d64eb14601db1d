"""annotate: the lesion stays visible, its surroundings are veiled, the caption is legible on any photo."""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import CLASSES, Analysis, Lesion, Quality, Risk
from inference.drawing.annotate import MAX_SIDE, annotate, outline, outlined
from inference.drawing.caption import add_caption
from inference.drawing.words import CaptionOptions, caption, class_name, explanation
from inference.photo import Photo
from tests.inference.pictures import skin, spot_mask

SIZES: Final = [(200, 150), (150, 200), (320, 240), (300, 1400), (1400, 300), (1280, 960)]


def answered(mask: NDArray[np.bool_] | None, label: str = "nv", share: float = 0.83, risk: Risk = Risk.LOW) -> Analysis:
    probabilities = dict.fromkeys(CLASSES, (1 - share) / (len(CLASSES) - 1)) | {label: share}
    lesion = None if mask is None else Lesion((0.0, 0.0, 1.0, 1.0), mask, 0.9)
    return Analysis(label, probabilities, lesion, Quality(1, 1, 1.0, 1.0), None, risk)


def drawn(size: tuple[int, int], risk: Risk = Risk.LOW) -> NDArray[np.uint8]:
    return annotate(Photo(skin(*size)), answered(spot_mask(*size), risk=risk)).pixels


@pytest.mark.parametrize("size", SIZES)
def test_inside_stays_as_it_was_and_outside_is_veiled(size: tuple[int, int]) -> None:
    before, after, mask = skin(*size), drawn(size), spot_mask(*size)
    line = max(3, min(size) // 20)
    inside = cv2.erode(mask.astype(np.uint8), np.ones((2 * line + 1, 2 * line + 1))) > 0
    assert np.array_equal(after[: size[1]][inside], before[inside])
    outside = cv2.dilate(mask.astype(np.uint8), np.ones((2 * line + 1, 2 * line + 1))) == 0
    darker = after[: size[1]].astype(int).sum(2) < before.astype(int).sum(2)
    assert darker[outside].mean() > 0.9


@pytest.mark.parametrize("size", SIZES)
def test_the_photo_given_is_left_alone(size: tuple[int, int]) -> None:
    photo = Photo(skin(*size))
    annotate(photo, answered(spot_mask(*size)))
    assert np.array_equal(photo.pixels, skin(*size))


@pytest.mark.parametrize("light", [0.15, 1.0, 1.9])
def test_the_contour_stands_out_on_dark_and_light_skin(light: float) -> None:
    base = np.clip(skin(640, 480) * light, 0, 255).astype(np.uint8)
    mask = spot_mask(640, 480)
    after = annotate(Photo(base), answered(mask)).pixels
    edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    luma = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY).astype(int)
    surroundings = cv2.dilate(luma.astype(np.uint8), np.ones((9, 9))).astype(int) - cv2.erode(
        luma.astype(np.uint8), np.ones((9, 9))
    )
    assert np.percentile(surroundings[edge], 5) > 70


def test_the_contours_colour_tells_the_risk_and_is_never_green() -> None:
    colours = set()
    for risk in Risk:
        difference = np.ptp(drawn((640, 480), risk).astype(int), axis=2)
        strongest = drawn((640, 480), risk).reshape(-1, 3)[difference.argmax()].astype(int)
        assert not (strongest[1] > strongest[0] + 30 and strongest[1] > strongest[2] + 30)
        colours.add(tuple(strongest // 64))
    assert len(colours) == 3


def white_extent(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height of what is pure white: the letters of the headline."""
    rows, columns = np.nonzero((pixels == 255).all(axis=2))
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_caption_fits_every_photo(size: tuple[int, int], language: str) -> None:
    for label in CLASSES:
        mask = spot_mask(*size)
        analysis = answered(mask, label, 0.997, Risk.HIGH)
        after = annotate(
            Photo(np.zeros((size[1], size[0], 3), np.uint8)), analysis, CaptionOptions(language, 10)
        ).pixels
        width, height = white_extent(after)
        assert after.shape[1] == size[0]
        assert width >= 40 and height >= 7
        # Nothing is cut off: the outermost columns and rows carry no letter.
        assert not (after[:, :2] == 255).all(axis=2).any() and not (after[:, -2:] == 255).all(axis=2).any()
        assert not (after[-2:] == 255).all(axis=2).any()


def test_the_caption_grows_with_the_photo() -> None:
    small, large = (
        white_extent(annotate(Photo(np.zeros((s * 3, s * 4, 3), np.uint8)), answered(None)).pixels)[1]
        for s in (100, 400)
    )
    assert 3 * small < large < 5 * small


def test_the_caption_avoids_the_lesion() -> None:
    mask = np.zeros((480, 640), np.bool_)
    mask[240:, :320] = True  # where the caption stands by preference
    after = annotate(Photo(np.zeros((480, 640, 3), np.uint8)), answered(mask)).pixels
    assert after.shape == (480, 640, 3)
    assert not (after[260:, :300] == 255).all(axis=2).any()
    assert (after == 255).all(axis=2).any()


def test_a_lesion_that_fills_the_photo_gets_its_caption_below() -> None:
    after = annotate(Photo(skin(640, 480)), answered(np.ones((480, 640), np.bool_))).pixels
    assert after.shape[0] > 480 and after.shape[1] == 640
    assert np.array_equal(after[20:460, 20:620], skin(640, 480)[20:460, 20:620])


def test_a_large_photo_is_shrunk_in_proportion() -> None:
    large = np.asarray(cv2.resize(skin(), (4000, 3000)), np.uint8)
    after = annotate(Photo(large), answered(spot_mask(4000, 3000))).pixels
    assert after.shape == (MAX_SIDE * 3 // 4, MAX_SIDE, 3)


def test_cyrillic_has_letters_and_not_boxes() -> None:
    def letters(text: str) -> bytes:
        return add_caption(np.zeros((300, 400, 3), np.uint8), None, text, (255, 255, 255)).tobytes()

    # A font without Cyrillic draws the same box for each of its letters.
    assert letters("жжжж") != letters("шшшш")


def test_the_outline_is_smooth_and_leaves_the_lesion_to_be_seen() -> None:
    coarse = np.kron(spot_mask(32, 24), np.ones((40, 40), np.bool_))
    before = np.full((960, 1280, 3), 200, np.uint8)
    after = before.copy()
    outline(after, coarse, (255, 92, 92))
    drawn_on = (after != before).any(2)
    assert not drawn_on[cv2.erode(coarse.astype(np.uint8), np.ones((41, 41))) > 0].any()
    assert drawn_on[coarse].mean() < 0.05
    [line, *_], _ = cv2.findContours(drawn_on.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    [steps, *_], _ = cv2.findContours(coarse.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull, rough = (cv2.arcLength(cv2.convexHull(edge), True) / cv2.arcLength(edge, True) for edge in (line, steps))
    assert hull > rough + 0.02


def test_words() -> None:
    refused = Analysis(None, {}, None, Quality(1, 1, 1.0, 1.0), None, None)
    mole = answered(None)
    assert caption(answered(None, "mel", 0.611, Risk.HIGH)).splitlines() == [
        "Show this spot to a dermatologist within days", "Not a diagnosis",
    ]  # fmt: skip
    assert caption(mole, CaptionOptions("ru", 3)).startswith("3\xa0· Наблюдайте за этим пятном\n")
    assert caption(mole, CaptionOptions("de")) == caption(mole)
    assert caption(mole, CaptionOptions(least=Risk.RAISED)) == caption(answered(None, risk=Risk.RAISED))
    assert caption(answered(None, risk=Risk.HIGH), CaptionOptions(least=Risk.RAISED)) == caption(
        answered(None, risk=Risk.HIGH)
    )
    assert len({class_name(label, language) for label in CLASSES for language in ("en", "ru")}) == 2 * len(CLASSES)
    with pytest.raises(ValueError, match="no risk"):
        caption(refused)


def test_the_words_of_a_heat_map_are_of_the_group_under_a_warning() -> None:
    warned = answered(None, "nv", 0.4, Risk.RAISED)
    assert explanation(warned).endswith("Cancer or pre-cancer\xa0·\xa034%")
    calm = answered(None, "nv", 0.993)
    assert explanation(calm, CaptionOptions("ru")).endswith("Меланоцитарный невус\xa0·\xa0>\xa099\xa0%")


def two_lesions(risk: Risk) -> Analysis:
    left = spot_mask(640, 480)
    masks = [np.roll(left, shift, axis=1) for shift in (-160, 160)]
    first, second = (Lesion((0.0, 0.0, 1.0, 1.0), mask, 0.9) for mask in masks)
    return replace(answered(masks[0], risk=risk), lesion=first, more_lesions=(second,))


def test_several_lesions_are_outlined_and_numbered_and_stay_to_be_seen() -> None:
    before, analysis = skin(640, 480), two_lesions(Risk.RAISED)
    one = annotate(Photo(before), replace(analysis, more_lesions=())).pixels
    both = annotate(Photo(before), analysis).pixels
    [other] = analysis.more_lesions
    inside = cv2.erode(other.mask.astype(np.uint8), np.ones((31, 31))) > 0
    assert np.array_equal(both[:480][inside], before[inside])
    assert (one[:480][inside] != before[inside]).any(), "alone, the veil lies on the other"
    numbers = outlined(Photo(before), analysis).pixels
    assert analysis.lesion is not None
    for lesion in (analysis.lesion, other):
        rows, columns = np.nonzero(lesion.mask)
        corner = np.s_[rows.min() - 30 : rows.min(), columns.max() : columns.max() + 30]
        assert (numbers[corner] != before[corner]).any(axis=2).mean() > 0.3, "a number at the upper right"
    alone = outlined(Photo(before), replace(analysis, more_lesions=())).pixels
    assert np.array_equal(alone[corner], before[corner])


@pytest.mark.parametrize(("language", "which"), [("en", "About spot number 1"), ("ru", "О пятне номер 1")])
def test_the_caption_says_which_of_several_lesions_is_meant(language: str, which: str) -> None:
    analysis = two_lesions(Risk.LOW)
    assert which in caption(analysis, CaptionOptions(language)).splitlines()
    assert which not in caption(replace(analysis, more_lesions=()), CaptionOptions(language))
