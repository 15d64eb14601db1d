"""Colours: what a file says of them counts, whatever its profile is called."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.photo import PhotoError, PhotoFault, decode
from tests.inference.pictures import encoded, skin

CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases"
D50 = (0.9642, 1.0, 0.8249)
# Columns of red, green and blue, adapted to D50 as profiles are.
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def gamma(power: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + s15(power)


SRGB_CURVE = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + s15(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(name: str, tags: dict[bytes, bytes], space: bytes = b"RGB ", kind: bytes = b"mntr") -> bytes:
    """An ICC profile, byte by byte (ICC.1:2010, sections 7 to 10)."""
    text = name.encode() + b"\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78), **tags}
    tags.setdefault(b"wtpt", b"XYZ \0\0\0\0" + s15(*D50))
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    rest = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4sI4s4s4s", 128 + len(rest), b"lcms", 0x02400000, kind, space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + s15(*D50)
    return head.ljust(128, b"\0") + rest


def matrix(name: str, columns: tuple[tuple[float, ...], ...], curve: bytes) -> bytes:
    colours = zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    tags = {tag: b"XYZ \0\0\0\0" + s15(*column) for tag, column in colours}
    return profile(name, tags | {tag: curve for tag in (b"rTRC", b"gTRC", b"bTRC")})


def swapping_table() -> bytes:
    """A profile of tables (`mft1`) whose red is sRGB's green and the other way round, with linear curves."""
    grid = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(-1, 3)
    xyz = grid[:, [1, 0, 2]] @ np.array(SRGB)
    ramp = bytes(range(256)) * 3
    body = b"mft1\0\0\0\0" + bytes([3, 3, 2, 0]) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp
    # XYZ is stored with 1 + 32767/32768 for full scale.
    body += np.rint(np.clip(xyz / (1 + 32767 / 32768), 0, 1) * 255).astype(np.uint8).tobytes() + ramp
    return profile("sRGB with tables", {b"A2B0": body})


def encode_srgb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def light_of_srgb(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def expected(pixels: NDArray[np.uint8], columns: tuple[tuple[float, ...], ...], power: float | None) -> np.ndarray:
    values = pixels / 255
    light = light_of_srgb(values) if power is None else values**power
    return encode_srgb(light @ np.array(columns) @ np.linalg.inv(np.array(SRGB)))


PROFILES = {
    "Display P3 named sRGB": ("sRGB Samsung P3", P3, None),
    "linear sRGB": ("GIMP built-in Linear sRGB", SRGB, 1.0),
    "Adobe RGB": ("Adobe RGB (1998)", ADOBE, 563 / 256),
}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize(("name", "columns", "power"), PROFILES.values(), ids=PROFILES)
def test_a_profile_counts_by_its_numbers(
    name: str, columns: tuple[tuple[float, ...], ...], power: float | None, mode: str
) -> None:
    icc = matrix(name, columns, SRGB_CURVE if power is None else gamma(power))
    image = Image.fromarray(skin()).convert(mode)
    pixels = np.asarray(image.convert("RGB"))
    found = decode(encoded(image, "PNG", icc_profile=icc)).pixels
    wanted = expected(pixels, columns, power)
    assert np.abs(found - wanted).max() <= 2.5
    assert np.abs(found.astype(float) - pixels).mean() > 2, "it would pass unconverted"


def test_srgb_under_any_name_stays_as_it_is() -> None:
    icc = matrix("Wide and foreign", SRGB, SRGB_CURVE)
    assert np.array_equal(decode(encoded(skin(), "PNG", icc_profile=icc)).pixels, skin())


def test_a_grey_profile_counts_for_grey_pixels_only() -> None:
    icc = profile("linear grey", {b"kTRC": gamma(1.0)}, b"GRAY")
    grey = np.asarray(Image.fromarray(skin()).convert("L"))
    found = decode(encoded(grey, "PNG", icc_profile=icc)).pixels
    assert np.abs(found - encode_srgb(grey / 255)[..., None]).max() <= 1.5
    assert np.array_equal(decode(encoded(skin(), "PNG", icc_profile=icc)).pixels, skin())


def test_a_profile_of_tables_counts() -> None:
    red = Image.new("RGB", (120, 120), (255, 0, 0))
    found = decode(encoded(red, "PNG", icc_profile=swapping_table())).pixels[60, 60].astype(int)
    assert found[1] > 240 and found[0] < 40


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF"])
def test_a_profile_counts_in_every_format(kind: str) -> None:
    icc = matrix("sRGB of a phone", P3, SRGB_CURVE)
    plain = decode(encoded(skin(), kind, quality=95)).pixels
    found = decode(encoded(skin(), kind, quality=95, icc_profile=icc)).pixels
    assert np.abs(found - expected(plain, P3, None)).max() <= 2.5


def heic(pixels: NDArray[np.uint8], primaries: int, transfer: int) -> bytes:
    """A HEIC whose `nclx` says so; the boxes are patched, since the encoder knows fewer of them."""
    data = bytearray(encoded(pixels, "HEIF", quality=95))
    at = data.index(b"colrnclx") + 8
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


def test_the_code_points_of_a_heic_count() -> None:
    plain = decode(heic(skin(), 1, 13)).pixels
    found = decode(heic(skin(), 12, 13)).pixels
    assert np.abs(found - expected(plain, P3, None)).max() <= 2.5
    assert np.array_equal(decode(heic(skin(), 1, 1)).pixels, plain), "video's curve is taken for sRGB's"
    wide = decode(heic(skin(), 9, 13)).pixels
    assert (wide[..., 0].mean() - wide[..., 2].mean()) > (found[..., 0].mean() - found[..., 2].mean())


@pytest.mark.parametrize(("transfer", "white"), [(16, 148), (18, 191)], ids=["PQ", "HLG"])
def test_hdr_is_toned_down(transfer: int, white: int) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (128, 1, 3))
    row = decode(heic(ramp, 1, transfer)).pixels[64].astype(int)
    assert (np.diff(row.min(axis=1)) >= -2).all(), "what is brighter stays brighter"
    assert 225 < row[white].mean() < 253, "white paper is near white"
    assert row[-1].min() >= 252


def png(pixels: NDArray[np.uint8], *chunks: bytes) -> bytes:
    """A PNG with further chunks, each its name and its body."""
    whole = encoded(pixels, "PNG")
    added = [struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks]
    return whole[:33] + b"".join(added) + whole[33:]


def encoded_by(exponent: float) -> bytes:
    return b"gAMA" + struct.pack(">I", round(exponent * 100_000))


def chromaticities(*values: float) -> bytes:
    """White, red, green and blue, x and y each."""
    return b"cHRM" + struct.pack(">8I", *(round(each * 100_000) for each in values))


WIDE = chromaticities(0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
USUAL = chromaticities(0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)


def test_the_code_points_of_a_png_count() -> None:
    data = png(skin(), b"cICP" + bytes([12, 13, 0, 1]))
    assert np.abs(decode(data).pixels - expected(skin(), P3, None)).max() <= 2.5


def test_the_gamma_and_the_chromaticities_of_a_png_count() -> None:
    wide = decode(png(skin(), encoded_by(0.45455), WIDE)).pixels
    assert np.abs(wide - expected(skin(), P3, None)).max() <= 2.5
    light = np.where(skin() <= 0.04045 * 255, skin() / 255 / 12.92, ((skin() / 255 + 0.055) / 1.055) ** 2.4)
    linear = np.rint(light * 255).astype(np.uint8)
    bright = skin() > 60  # eight bits of light are few where it is dark
    assert np.abs(decode(png(linear, encoded_by(1.0))).pixels.astype(int) - skin())[bright].max() <= 3
    grey = np.full((128, 128), 55, np.uint8)
    assert np.abs(decode(png(grey, encoded_by(1.0))).pixels.astype(int) - 128).max() <= 1


@pytest.mark.parametrize(
    "chunks",
    [
        (encoded_by(0.45455), USUAL),
        (encoded_by(1.0), WIDE, b"sRGB\0"),
        (encoded_by(0.0),),
        (encoded_by(42.0), WIDE),
        (chromaticities(*[0.3] * 8),),
        (chromaticities(*[0.0] * 8),),
    ],
    ids=["sRGB's own", "sRGB", "no gamma", "an odd gamma", "one point", "no points"],
)
def test_chunks_of_a_png_that_say_srgb_or_nothing_change_nothing(chunks: tuple[bytes, ...]) -> None:
    assert np.array_equal(decode(png(skin(), *chunks)).pixels, decode(encoded(skin(), "PNG")).pixels)


def test_the_base_picture_of_a_jpeg_with_a_gain_map_is_read() -> None:
    gain = Image.new("L", (160, 120), 255)
    data = encoded(Image.fromarray(skin()), "MPO", save_all=True, append_images=[gain], quality=95)
    assert np.array_equal(decode(data).pixels, decode(encoded(skin(), quality=95)).pixels)


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside the repository")
@pytest.mark.parametrize("name", ["p3_samsung_name.jpg", "p3_nclx_only.heic", "p3_palette.png", "p3_plain_name.jpg"])
def test_the_shared_wide_pictures_have_the_colours_of_the_plain_one(name: str) -> None:
    means = [decode((CASES / each).read_bytes()).pixels.mean(axis=(0, 1)) for each in (name, "whole.jpg")]
    assert np.abs(means[0] - means[1]).max() <= 2


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside the repository")
def test_an_avif_is_no_picture_that_is_read() -> None:
    with pytest.raises(PhotoError) as caught:
        decode((CASES / "avif_brand_mif1.avif").read_bytes())
    assert caught.value.fault is PhotoFault.NOT_AN_IMAGE
