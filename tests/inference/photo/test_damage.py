"""Damage: a photo of which pixels are missing is refused, and one that only ends oddly is read."""

import os
import random
import subprocess
import sys
import time
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
