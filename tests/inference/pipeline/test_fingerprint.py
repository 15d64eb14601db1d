"""The fingerprint of a photo: the same for copies that a messenger made, another for every other photo."""

import io

import pytest
from PIL import Image

from bot.samples import SAMPLES, sample
from inference.photo import decode
from inference.pipeline.fingerprint import fingerprint, is_same


def copied(content: bytes, side: int, quality: int) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        picture.thumbnail((side, side))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - {"dark"}))
@pytest.mark.parametrize(("side", "quality"), [(600, 60), (320, 85)])
def test_a_copy_of_a_photo_has_its_fingerprint(name: str, side: int, quality: int) -> None:
    photo, copy = decode(sample(name)), decode(copied(sample(name), side, quality))
    assert is_same(fingerprint(photo), fingerprint(copy))


def test_different_photos_have_different_fingerprints() -> None:
    prints = [fingerprint(decode(sample(name))) for name in SAMPLES]
    for place, one in enumerate(prints):
        assert not any(is_same(one, other) for other in prints[place + 1 :])


def test_a_fingerprint_shows_nothing_and_a_missing_one_matches_nothing() -> None:
    found = fingerprint(decode(sample("mole")))
    assert len(found) == 64
    assert not is_same("", found) and not is_same(found, "") and not is_same("", "")
