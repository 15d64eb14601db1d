"""decode: every file a phone sends becomes upright sRGB pixels; every other file becomes one named fault."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from inference.photo import MAX_PIXELS, PhotoError, PhotoFault, decode
from tests.inference.pictures import QUADRANTS, encoded, quadrants, skin


def fault_of(data: bytes) -> PhotoFault:
    with pytest.raises(PhotoError) as caught:
        decode(data)
    return caught.value.fault


def corners(data: bytes) -> list[tuple[int, ...]]:
    pixels = decode(data).pixels
    height, width = pixels.shape[:2]
    places = [(height // 4, width // 4), (height // 4, -width // 4), (-height // 4, width // 4)]
    return [tuple(int(v) for v in pixels[y, x]) for y, x in [*places, (-height // 4, -width // 4)]]


def close(found: list[tuple[int, ...]], wanted: list[tuple[int, int, int]], tolerance: int = 12) -> bool:
    return bool(np.abs(np.array(found) - np.array(wanted)).max() <= tolerance)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "GIF"])
def test_reads_every_format_with_its_colours(kind: str) -> None:
    data = encoded(quadrants(), kind, **({"quality": 95} if kind != "PNG" and kind != "GIF" else {}))
    photo = decode(data)
    assert photo.pixels.shape == (120, 160, 3)
    assert photo.pixels.dtype == np.uint8
    assert (photo.width, photo.height) == (160, 120)
    assert close(corners(data), list(QUADRANTS))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_the_photo_upright(kind: str, orientation: int) -> None:
    stored = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    }[orientation](quadrants())
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, kind, exif=exif.tobytes(), quality=95)
    assert decode(data).pixels.shape == (120, 160, 3)
    assert close(corners(data), list(QUADRANTS), tolerance=20)


def test_a_turned_heic_is_upright_once_and_not_twice() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(quadrants().transpose(Image.Transpose.ROTATE_90), "HEIF", exif=exif.tobytes(), quality=95)
    assert close(corners(data), list(QUADRANTS), tolerance=20)


@pytest.mark.parametrize("exif", [b"Exif\x00\x00broken", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"\x00" * 7])
def test_a_broken_exif_block_does_not_cost_the_photo(exif: bytes) -> None:
    assert decode(encoded(quadrants(), "JPEG", exif=exif)).pixels.shape == (120, 160, 3)


def test_reads_cmyk_without_inverting_it() -> None:
    assert close(corners(encoded(quadrants().convert("CMYK"), quality=95)), list(QUADRANTS), tolerance=20)


def sixteen_bit_png(colours: np.ndarray, colour_type: int) -> bytes:
    """A PNG of 16 bits a channel, which Pillow reads but cannot write; colours: H x W x C uint16."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = colours.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in colours)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_scales_sixteen_bits_to_eight() -> None:
    grey = np.tile(np.linspace(0, 65535, 160).astype(np.uint16)[None, :, None], (120, 1, 1))
    pixels = decode(sixteen_bit_png(grey, 0)).pixels
    assert abs(pixels[60, :, 0].astype(float) - np.linspace(0, 255, 160)).max() <= 1
    colour = np.asarray(quadrants(), np.uint16) * 257
    assert close(corners(sixteen_bit_png(colour, 2)), list(QUADRANTS), tolerance=1)
    opaque = np.concatenate([colour, np.full((120, 160, 1), 65535, np.uint16)], axis=2)
    assert close(corners(sixteen_bit_png(opaque, 6)), list(QUADRANTS), tolerance=1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_reads_every_colour_mode(mode: str) -> None:
    assert decode(encoded(quadrants().convert(mode), "PNG")).pixels.shape == (120, 160, 3)


def clear_png() -> bytes:
    return encoded(Image.new("RGBA", (120, 120), (10, 20, 30, 0)), "PNG")


def clear_palette() -> bytes:
    image = Image.new("P", (120, 120), 1)
    image.putpalette([200, 0, 0, 10, 20, 30])
    return encoded(image, "PNG", transparency=1)


def clear_colour() -> bytes:
    return encoded(Image.new("RGB", (120, 120), (10, 20, 30)), "PNG", transparency=(10, 20, 30))


def clear_webp() -> bytes:
    return encoded(Image.new("RGBA", (120, 120), (10, 20, 30, 0)), "WEBP", lossless=True)


@pytest.mark.parametrize("make", [clear_png, clear_palette, clear_colour, clear_webp])
def test_what_is_transparent_becomes_white(make: Callable[[], bytes]) -> None:
    assert decode(make()).pixels.min() == 255


def test_converts_an_embedded_profile_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = decode(encoded(quadrants(), "PNG")).pixels
    assert np.array_equal(decode(encoded(quadrants(), "PNG", icc_profile=srgb)).pixels, plain)
    # A profile of another colour space than the pixels' is of no use, and no reason to refuse.
    assert np.array_equal(decode(encoded(quadrants(), "PNG", icc_profile=lab)).pixels, plain)
    assert np.array_equal(decode(encoded(quadrants(), "PNG", icc_profile=b"nonsense")).pixels, plain)
    wide = decode(encoded(quadrants(), "PNG", icc_profile=display_p3())).pixels
    assert int(wide[30, 40, 0]) > 210  # a red of Display P3 is a stronger red in sRGB


def display_p3() -> bytes:
    """A matrix profile with the primaries of Display P3 and a gamma of 2.2 (ICC.1:2004, sections 7 and 9)."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in (x, y, z))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"Display P3\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 79,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1571, 0.0666, 0.7841),
        **{key: curve for key in (b"rTRC", b"gTRC", b"bTRC")},
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for key, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += key + struct.pack(">II", offset + len(body), len(value))
        body += value
    rest = struct.pack(">I", len(tags)) + table + body
    header = struct.pack(">I4sI4s4s4s", 128 + len(rest), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + xyz(0.9642, 1.0, 0.8249)[8:]
    return header.ljust(128, b"\0") + rest


def test_zero_bytes_are_empty() -> None:
    assert fault_of(b"") is PhotoFault.EMPTY


@pytest.mark.parametrize(
    "data",
    [b"hello, this is a text named photo.jpg\n" * 20, b"\x00" * 1000, b"%PDF-1.7\n", b"GIF", b"RIFF\0\0\0\0WAVE"],
)
def test_other_files_are_no_image(data: bytes) -> None:
    assert fault_of(data) is PhotoFault.NOT_AN_IMAGE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_half_a_file_is_truncated(kind: str, share: float) -> None:
    data = encoded(skin(), kind)
    assert fault_of(data[: int(len(data) * share)]) is PhotoFault.TRUNCATED


def test_many_pixels_in_few_bytes_are_refused_from_the_header() -> None:
    def bomb(width: int, height: int) -> bytes:
        # The pixels themselves are missing: whoever tried to decode them would report a truncated file.
        whole = sixteen_bit_png(np.zeros((1, 1, 1), np.uint16), 0)
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]

    assert len(bomb(30_000, 30_000)) < 4096
    assert fault_of(bomb(30_000, 30_000)) is PhotoFault.TOO_MANY_PIXELS
    assert fault_of(bomb(11_000, 11_000)) is PhotoFault.TOO_MANY_PIXELS
    assert fault_of(bomb(MAX_PIXELS + 1, 1)) is PhotoFault.TOO_MANY_PIXELS
    assert fault_of(bomb(65_535, 1_024)) is PhotoFault.TRUNCATED


def webp_of(side: int) -> bytes:
    data = bytearray(encoded(skin(64, 64), "WEBP", lossless=True))
    at = data.index(b"VP8L") + 9  # a byte of signature, then width - 1 and height - 1 in 14 bits each
    (packed,) = struct.unpack("<I", data[at : at + 4])
    data[at : at + 4] = struct.pack("<I", (packed >> 28 << 28) | (side - 1) << 14 | (side - 1))
    return bytes(data)


def gif_of(side: int) -> bytes:
    data = bytearray(encoded(skin(64, 64), "GIF"))
    data[6:10] = struct.pack("<HH", side, side)
    return bytes(data)


def jpeg_of(side: int) -> bytes:
    data = bytearray(encoded(skin(64, 64), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def heic_of(side: int) -> bytes:
    data = bytearray(encoded(skin(64, 64), "HEIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", side, side)
    return bytes(data)


@pytest.mark.parametrize("make", [webp_of, gif_of, jpeg_of, heic_of])
def test_every_format_is_measured_before_it_is_decoded(make: Callable[[int], bytes]) -> None:
    assert fault_of(make(16_000)) is PhotoFault.TOO_MANY_PIXELS


def test_a_webp_may_have_fewer_pixels_than_others_for_the_memory_it_takes() -> None:
    assert fault_of(webp_of(6_000)) is PhotoFault.TOO_MANY_PIXELS
    assert fault_of(jpeg_of(6_000)) is PhotoFault.TRUNCATED


def test_a_bomb_in_a_text_chunk_is_refused() -> None:
    whole = encoded(quadrants(), "PNG")
    body = b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    assert fault_of(whole[:33] + chunk + whole[33:]) is PhotoFault.TRUNCATED


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused(kind: str) -> None:
    frames = [Image.fromarray(skin(seed=seed)) for seed in range(3)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert fault_of(data) is PhotoFault.ANIMATED


def test_a_jpeg_with_a_second_picture_inside_is_a_still_photo() -> None:
    data = encoded(quadrants(), "MPO", save_all=True, append_images=[quadrants()])
    assert decode(data).pixels.shape == (120, 160, 3)


def test_eight_by_eight_decodes() -> None:
    assert decode(encoded(skin(8, 8))).pixels.shape == (8, 8, 3)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_raises_anything_but_a_photo_error(draw: st.DataObject) -> None:
    kind = draw.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "HEIF", "GIF"]))
    data = bytearray(encoded(skin(48, 40), kind))
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        assert decode(bytes(data)).pixels.ndim == 3
    except PhotoError as error:
        assert isinstance(error.fault, PhotoFault)
