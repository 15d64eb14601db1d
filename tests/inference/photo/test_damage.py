"""Damage: a photo of which pixels are missing is refused, and one that only ends oddly is read."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.photo import PhotoError, PhotoFault, decode
from inference.photo.limits import MAX_SCANS
from tests.inference.pictures import KINDS, damaged, encoded, skin

ROOT = Path(__file__).resolve().parents[3]
CASES = ROOT.parent / "shared" / "cases"
MUTATIONS = int(os.environ.get("PHOTO_MUTATIONS", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "22"))
END = b"\xff\xd9"


def picture(name: str) -> bytes:
    kind, options = KINDS[name]
    return encoded(skin(640, 480), kind, **options)


def fault_of(data: bytes) -> PhotoFault:
    with pytest.raises(PhotoError) as caught:
        decode(data)
    return caught.value.fault


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_zeroed_parts_are_damage(name: str, share: float) -> None:
    data = picture(name)
    decode(data)
    kept = int(len(data) * (1 - share))
    assert fault_of(data[:kept] + bytes(len(data) - kept - 2) + data[-2:]) is PhotoFault.TRUNCATED
    start = len(data) // 2
    middle = data[:start] + bytes(4096) + data[start + 4096 :]
    assert fault_of(middle) is PhotoFault.TRUNCATED
    # As a memory card leaves what it has erased.
    erased = data[:start] + b"\xff" * 4096 + data[start + 4096 :]
    assert fault_of(erased) is PhotoFault.TRUNCATED


@pytest.mark.parametrize("name", ["JPEG", "JPEG with restarts", "progressive JPEG"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_an_end_marker_does_not_make_half_a_jpeg_whole(name: str, share: float) -> None:
    data = picture(name)
    assert fault_of(data[: int(len(data) * share)] + END) is PhotoFault.TRUNCATED


@pytest.mark.parametrize("name", ["JPEG", "JPEG with restarts", "progressive JPEG"])
def test_a_jpeg_that_only_ends_oddly_is_read(name: str) -> None:
    data = picture(name)
    whole = decode(data).pixels
    assert np.array_equal(decode(data[:-2]).pixels, whole)
    assert np.array_equal(decode(data[:-1]).pixels, whole)
    assert np.array_equal(decode(data + b"appended by some program" * 9).pixels, whole)
    assert np.array_equal(decode(data[:-2] + bytes(16) + END).pixels, whole), "padded by the camera"


def test_a_png_without_its_end_is_read() -> None:
    data = encoded(skin(), "PNG")
    assert np.array_equal(decode(data[:-12]).pixels, skin())


def test_a_jpeg_of_too_many_scans_is_refused_before_it_is_decoded() -> None:
    data = encoded(Image.new("RGB", (1600, 1200), "tan"), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scan = data[start:-2]
    assert len(scan) * 1500 < 2_000_000
    began = time.process_time()
    assert fault_of(data[:-2] + scan * 1500 + END) is PhotoFault.TOO_COSTLY
    assert time.process_time() - began < 1
    assert decode(data).width == 1600 and MAX_SCANS < 1500


@pytest.mark.parametrize(
    "junk",
    [b"\xff\xfe\0\2" * 200_000, b"\xff\xe2\0\2" * 200_000],
    ids=["comments", "of programs"],
)
def test_a_jpeg_of_very_many_segments_is_refused_before_it_is_decoded(junk: bytes) -> None:
    data = picture("JPEG")
    began = time.process_time()
    assert fault_of(data[:2] + junk + data[2:]) is PhotoFault.TOO_COSTLY
    assert time.process_time() - began < 2


def test_filling_in_a_jpeg_takes_no_time() -> None:
    data = picture("JPEG")
    whole = decode(data).pixels
    filling = b"\xff" * 10_000_000
    began = time.process_time()
    assert np.array_equal(decode(data[:2] + filling + data[2:]).pixels, whole)
    # Behind the coded pixels, where a search for the next marker has to pass all of it.
    assert np.array_equal(decode(data[:-2] + filling + b"\0" + END).pixels, whole)
    assert time.process_time() - began < 10


def odd_jfif(data: bytes) -> bytes:
    """Of a version of JFIF that does not exist."""
    at = data.index(b"JFIF\0") + 5
    return data[:at] + b"\2" + data[at + 1 :]


def odd_scan(data: bytes) -> bytes:
    """With the limits of a progressive scan in a JPEG that is none."""
    at = data.index(b"\xff\xda")
    at += 5 + 2 * data[at + 4]
    return data[:at] + b"\0\x3e\0" + data[at + 3 :]


def odd_adobe(data: bytes) -> bytes:
    """With a conversion of colours that Adobe never had, and without another word about them."""
    at = data.index(b"\xff\xdb")
    return data[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\7" + data[at:]


@pytest.mark.parametrize("odd", [odd_jfif, odd_scan, odd_adobe])
def test_an_odd_header_of_a_jpeg_neither_costs_the_photo_nor_hides_damage(odd: Callable[[bytes], bytes]) -> None:
    data = picture("JPEG")
    assert np.array_equal(decode(odd(data)).pixels, decode(data).pixels)
    half = len(data) // 2
    assert fault_of(odd(data[:half] + END)) is PhotoFault.TRUNCATED
    assert fault_of(odd(data[:half] + bytes(len(data) - half - 2) + END)) is PhotoFault.TRUNCATED


def test_another_jpeg_behind_a_half_one_does_not_make_it_whole() -> None:
    data, other = picture("JPEG"), encoded(skin(640, 480, seed=5))
    assert fault_of(data[: len(data) // 2] + other) is PhotoFault.TRUNCATED
    assert np.array_equal(decode(data[:-2] + other).pixels, decode(data).pixels)


@pytest.mark.parametrize(
    "frame", [0xC3, 0xC5, 0xCB, 0xF7, None], ids=["lossless", "layers", "coded", "JPEG-LS", "12 bits"]
)
def test_a_kind_of_jpeg_that_cannot_be_read_is_not_called_damaged(frame: int | None) -> None:
    data = bytearray(picture("JPEG"))
    at = data.index(b"\xff\xc0")
    if frame is None:
        data[at + 4] = 12
    else:
        data[at + 1] = frame
    assert fault_of(bytes(data)) is PhotoFault.NOT_AN_IMAGE


def test_random_damage_gives_a_photo_or_a_photo_error_in_bounded_time() -> None:
    """Seeded; PHOTO_MUTATIONS sets how many, FUZZ_SEED of which."""
    chance = random.Random(SEED)
    originals = [encoded(skin(160, 120), kind, **options) for kind, options in KINDS.values()]
    for number in range(MUTATIONS):
        data = damaged(originals[number % len(originals)], chance)
        began = time.monotonic()
        try:
            photo = decode(data)
            assert photo.pixels.ndim == 3 and photo.pixels.dtype == np.uint8
        except PhotoError:
            pass
        assert time.monotonic() - began < 10, f"mutation {number} of seed {SEED} took too long"


GROWTH = """
import sys
from inference.photo import PhotoError, decode
from pathlib import Path
data = Path(sys.argv[1]).read_bytes()
def peak() -> int:
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
try:
    photo = decode(data)
    print("read", photo.width, photo.height, end=" ")
except PhotoError as error:
    print(error, end=" ")
print((peak() - before) // 1024)
"""


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("RGBA", "PNG", {"compress_level": 1}),
        ("I;16", "PNG", {"compress_level": 1}),
        ("CMYK", "JPEG", {}),
        ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
    ],
    ids=["RGBA PNG", "16-bit PNG", "CMYK JPEG", "progressive JPEG"],
)
def test_the_largest_pictures_take_no_more_than_600_megabytes(
    mode: str, kind: str, options: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "large"
    Image.new(mode, (8192, 8192), 200 if mode == "I;16" else "tan").save(path, kind, **options)
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, path], cwd=ROOT, capture_output=True, text=True, timeout=110, check=True
    )
    *found, growth = done.stdout.split()
    assert found == ["read", "4096", "4096"]
    assert int(growth) <= 600


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside the repository")
def test_the_shared_damaged_pictures_are_refused_and_the_whole_ones_read() -> None:
    for name in ("half_with_end.jpg", "half_zeros.jpg"):
        assert fault_of((CASES / name).read_bytes()) is PhotoFault.TRUNCATED
    whole, cut = (decode((CASES / name).read_bytes()).pixels for name in ("whole.jpg", "no_end_marker.jpg"))
    assert np.array_equal(whole, cut)
