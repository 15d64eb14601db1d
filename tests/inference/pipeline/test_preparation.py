"""preparation: a photo is turned, freed of a surround and brightened before any network looks at it."""

import numpy as np

from inference.photo import Photo
from inference.pipeline.exposure import DARKEST
from inference.pipeline.orientation import ORIENTATIONS, canonical_orientation
from inference.pipeline.preparation import prepare
from inference.pipeline.quality import assess
from tests.inference.pictures import skin


def test_all_orientations_of_a_photo_are_prepared_alike() -> None:
    pixels = skin(320, 240)
    prepared = [prepare(Photo(orientation.apply(pixels))) for orientation in ORIENTATIONS]
    assert all(np.array_equal(each.photo.pixels, prepared[0].photo.pixels) for each in prepared)
    assert canonical_orientation(prepared[0].photo.pixels) == ORIENTATIONS[0]


def test_a_dark_photo_is_brightened_and_its_quality_is_the_dark_one() -> None:
    dark = Photo((skin(320, 240) * 0.5).astype(np.uint8))
    prepared = prepare(dark)
    assert prepared.judged.brightness < DARKEST < assess(prepared.photo).brightness
    assert prepared.quality_of(dark).brightness == prepared.judged.brightness


def test_a_surround_is_cut_off_and_the_photo_keeps_its_size_in_the_report() -> None:
    framed = np.zeros((400, 500, 3), np.uint8)
    framed[100:300, 150:350] = skin(200, 200)
    prepared = prepare(Photo(framed))
    assert max(prepared.photo.pixels.shape[:2]) < 260
    quality = prepared.quality_of(Photo(framed))
    assert (quality.width, quality.height) == (500, 400)
