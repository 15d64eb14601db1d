"""quality: what nobody could read is refused by name; what is merely poor passes."""

import csv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import Refusal
from inference.photo import Photo, decode
from inference.pipeline.quality import MIN_SIDE, assess, refusal
from models.data.corruptions import blurred, compressed, glaring, lit, shaken, shrunk
from tests.inference.pictures import skin

SHARED = Path(__file__).resolve().parents[3].parent / "shared"


def verdict(pixels: NDArray[np.uint8]) -> Refusal | None:
    return refusal(assess(Photo(pixels)))


@pytest.mark.parametrize("size", [(200, 150), (320, 240), (240, 320), (300, 2000), (1280, 960), (4000, 3000)])
def test_a_sharp_photo_of_any_size_passes(size: tuple[int, int]) -> None:
    quality = assess(Photo(cv2.resize(skin(), size, interpolation=cv2.INTER_CUBIC)))
    assert refusal(quality) is None
    assert (quality.width, quality.height) == size


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (8, 8), (MIN_SIDE - 1, 2000), (2000, MIN_SIDE - 1)])
def test_a_tiny_photo_is_too_small(size: tuple[int, int]) -> None:
    assert verdict(skin(*size)) is Refusal.TOO_SMALL


def test_the_dark_is_refused_and_the_dim_passes() -> None:
    assert verdict((skin() * 0.1).astype(np.uint8)) is Refusal.TOO_DARK
    assert verdict((skin() * 0.4).astype(np.uint8)) is None
    assert verdict(np.zeros((300, 300, 3), np.uint8)) is Refusal.TOO_DARK


def test_a_dermatoscopes_black_surround_is_no_darkness() -> None:
    pixels = skin(600, 450)
    rows, columns = np.mgrid[:450, :600]
    pixels[(rows - 225) ** 2 + (columns - 300) ** 2 > 110**2] = 0
    assert verdict(pixels) is None


def test_a_lamps_reflection_is_glare_and_its_glint_passes() -> None:
    rows, columns = np.mgrid[:240, :320]
    distance = (rows - 120) ** 2 + (columns - 160) ** 2
    glint, lamp = skin(), skin()
    glint[distance < 8**2] = 255
    lamp[distance < 50**2] = 255
    assert verdict(glint) is None
    assert verdict(lamp) is Refusal.GLARE
    assert assess(Photo(lamp)).glare == pytest.approx(np.pi * 50**2 / (320 * 240), rel=0.05)
    assert verdict(np.full((240, 320, 3), 255, np.uint8)) is Refusal.NOT_SKIN, "a white page is no photo of skin"


def test_sharpness_does_not_depend_on_light_or_size() -> None:
    plain = assess(Photo(skin(1280, 960))).sharpness
    assert assess(Photo((skin(1280, 960) * 0.5).astype(np.uint8))).sharpness == pytest.approx(plain, abs=0.03)
    larger = cv2.resize(skin(1280, 960), (2560, 1920), interpolation=cv2.INTER_CUBIC)
    assert assess(Photo(larger)).sharpness == pytest.approx(plain, abs=0.03)


def test_defocus_and_emptiness_are_blurred() -> None:
    assert verdict(cv2.GaussianBlur(skin(), (0, 0), 6)) is Refusal.BLURRED
    assert verdict(np.full((300, 300, 3), (214, 168, 146), np.uint8)) is Refusal.BLURRED


@pytest.mark.parametrize("tint", [(1, 1, 1), (0.5, 1, 0.4), (0.5, 0.7, 1)], ids=["grey", "foliage", "sky"])
def test_other_colours_are_no_skin(tint: tuple[float, float, float]) -> None:
    grey = np.random.default_rng(0).integers(60, 250, (300, 400, 1))
    assert verdict((grey * tint).astype(np.uint8)) is Refusal.NOT_SKIN


@pytest.mark.parametrize("tone", [(255, 219, 172), (198, 134, 66), (141, 85, 36), (86, 52, 34), (60, 38, 30)])
def test_every_tone_of_skin_is_skin(tone: tuple[int, int, int]) -> None:
    relative = skin().astype(float) / (214, 168, 146)
    assert verdict(np.clip(relative * tone, 0, 255).astype(np.uint8)) is None


def validation_images(every: int) -> Iterator[NDArray[np.uint8]]:
    folder = SHARED / "ham10000"
    with zipfile.ZipFile(folder / "images.zip") as images, (folder / "metadata.csv").open() as rows:
        names = [row["image_id"] for row in csv.DictReader(rows) if row["split"] == "val"]
        for name in names[::every]:
            yield decode(images.read(f"{name}.webp")).pixels


@pytest.mark.skipif(not (SHARED / "ham10000").is_dir(), reason="HAM10000 is not beside the repository")
def test_validation_photos_pass_and_their_ruined_copies_do_not() -> None:
    photos = list(validation_images(every=46))

    def verdicts(degrade: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> list[Refusal | None]:
        return [verdict(degrade(photo)) for photo in photos]

    for mild in (lambda photo: photo, compressed(30), lit(0.5), blurred(0.5), shrunk(200), glaring(0.003)):
        assert verdicts(mild) == [None] * len(photos)
    assert verdicts(blurred(4)).count(Refusal.BLURRED) >= 0.9 * len(photos)
    assert verdicts(shaken(25)).count(Refusal.BLURRED) >= 0.8 * len(photos)
    assert verdicts(lit(0.12)) == [Refusal.TOO_DARK] * len(photos)
    assert verdicts(glaring(0.03)) == [Refusal.GLARE] * len(photos)
    assert verdicts(shrunk(64)) == [Refusal.TOO_SMALL] * len(photos)


@pytest.mark.skipif(not (SHARED / "phone").is_dir(), reason="the phone photos are not beside the repository")
def test_phone_photos_pass() -> None:
    paths = sorted((SHARED / "phone").glob("*.jpg"))
    assert [verdict(decode(path.read_bytes()).pixels) for path in paths] == [None] * len(paths)
