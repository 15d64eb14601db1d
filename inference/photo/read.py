"""Reads the bytes of a photo file into a `Photo`: chooses the decoder, and turns its pixels into upright sRGB."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from time import perf_counter
from typing import Any, Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image

from inference.photo import jpeg
from inference.photo.colour import Conversion, conversion
from inference.photo.containers import brands, heic_is_damaged, png_colours, png_is_damaged, webp_is_damaged
from inference.photo.limits import check_pixels, reduction
from inference.photo.transfer import Described
from inference.photo.values import Photo, PhotoError, PhotoFault

_FORMATS: Final = ("PNG", "WEBP", "GIF")
_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_HEIC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_JPEG: Final = b"\xff\xd8\xff"
# A JPEG with several pictures inside (MPO, Ultra HDR) or a HEIC burst is a still photo with attachments, as many phones
# make them.
_DAMAGED: Final = {"PNG": png_is_damaged, "WEBP": webp_is_damaged}

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TRANSPOSED: Final = frozenset({5, 6, 7, 8})
_STRIP_PIXELS: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class _Raster:
    """Decoded pixels as they are in the file, and what the file says about them."""

    image: Image.Image | NDArray[np.uint8]
    size: tuple[int, int]  # width and height of the decoded pixels
    factor: int  # the factor by which their sides still have to shrink
    taken: tuple[int, int]  # width and height of the picture in the file
    mode: str = "RGB"  # of an array
    orientation: int = 1
    profile: bytes | None = None
    signal: tuple[int, int] | Described | None = None

    def rows(self, top: int, bottom: int) -> Image.Image:
        if isinstance(self.image, Image.Image):
            return self.image.crop((0, top, self.size[0], bottom))
        part = np.ascontiguousarray(self.image[top:bottom])
        return Image.frombytes(self.mode, (self.size[0], bottom - top), part.tobytes())


def decode(data: bytes) -> Photo:
    """Read a JPEG, PNG, WebP, HEIC or still GIF of any colour mode and depth.

    EXIF orientation is applied. Colours become sRGB, and HDR is toned down. Transparent parts become white. The cost is
    checked from the headers before anything is decoded; see `inference.photo.limits`. Large pictures are read at half
    their width and height.

    Raises:
        PhotoError: with the `PhotoFault` that applies; nothing else is raised for any input.
    """
    began = perf_counter()
    if not data:
        raise PhotoError(PhotoFault.EMPTY)
    try:
        # Pillow warns if a header announces too many pixels, and raises an error if it announces twice as many.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            raster = _decoder(data)(data)
            pixels = _upright(_srgb(raster), raster.orientation)
        taken = raster.taken[::-1] if raster.orientation in _TRANSPOSED else raster.taken
        reduced = pixels.shape[1::-1] != taken
        return Photo(pixels, (perf_counter() - began) * 1000, taken if reduced else None)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PhotoError(PhotoFault.TOO_MANY_PIXELS) from error
    except PhotoError:
        raise
    # The decoders of five formats raise all kinds of errors on bad files (OSError, SyntaxError, ValueError,
    # struct.error, EOFError ...). For the caller they mean the same.
    except Exception as error:
        fault = PhotoFault.TRUNCATED if _starts_as_image(data) else PhotoFault.NOT_AN_IMAGE
        raise PhotoError(fault) from error


def _starts_as_image(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or bool(brands(data) & _HEIC) or data.startswith((_JPEG, *_SIGNATURES))


def _decoder(data: bytes) -> Callable[[bytes], _Raster]:
    if data.startswith(_JPEG):
        return _jpeg
    return _heic if brands(data) & _HEIC else _other


def _heic(data: bytes) -> _Raster:
    file: Any = pillow_heif.HeifFile(BytesIO(data), convert_hdr_to_8bit=True, remove_stride=False)  # type: ignore[no-untyped-call]
    image: Any = file[file.primary_index]
    check_pixels("HEIF", *image.size)
    if heic_is_damaged(data):
        raise PhotoError(PhotoFault.TRUNCATED)
    nclx = image.info.get("nclx_profile")
    signal = (nclx["color_primaries"], nclx["transfer_characteristics"]) if nclx else None
    decoded = image.data  # decoding may find another size than the header has
    check_pixels("HEIF", *image.size)
    lines = np.frombuffer(decoded, np.uint8).reshape(-1, image.stride)[: image.size[1]]
    values = lines[:, : image.size[0] * Image.getmodebands(image.mode)]
    # libheif has turned it already, whatever EXIF says.
    return _Raster(
        values,
        image.size,
        reduction(*image.size),
        image.size,
        image.mode,
        profile=image.info.get("icc_profile"),
        signal=signal,
    )


def _jpeg(data: bytes) -> _Raster:
    found = jpeg.structure(data)
    with Image.open(BytesIO(found.needed), formats=("JPEG",)) as image:
        check_pixels(image.format, *image.size)
        values = jpeg.pixels(found, image.mode)
        size, profile = (values.shape[1], values.shape[0]), image.info.get("icc_profile")
        return _Raster(values, size, 1, image.size, image.mode, _orientation(image), profile)


def _other(data: bytes) -> _Raster:
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        check_pixels(image.format, *image.size)
        if getattr(image, "is_animated", False):
            raise PhotoError(PhotoFault.ANIMATED)
        taken, profile = image.size, image.info.get("icc_profile")
        if _DAMAGED.get(image.format or "", lambda _: False)(data):
            raise PhotoError(PhotoFault.TRUNCATED)
        image.load()
        signal = png_colours(data) if image.format == "PNG" else None
        return _Raster(image, taken, reduction(*taken), taken, image.mode, _orientation(image), profile, signal)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block is no reason to refuse the pixels
        return 1


def _srgb(raster: _Raster) -> NDArray[np.uint8]:
    """H x W x 3 in sRGB, reduced. It works in strips, to keep the copies for colours and transparency small."""
    width, height = raster.size
    factor = raster.factor
    rows = max(factor, _STRIP_PIXELS // width // factor * factor)
    converter: Conversion | None = None
    pixels = np.empty((-(-height // factor), -(-width // factor), 3), np.uint8)
    for top in range(0, height, rows):
        opaque, alpha = _split(raster.rows(top, min(height, top + rows)))
        converter = converter or conversion(opaque.mode, raster.profile, raster.signal)
        rgb = converter(opaque)
        if alpha is not None:
            rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
        rgb = rgb.reduce(factor) if factor > 1 else rgb
        pixels[top // factor : top // factor + rgb.height] = np.asarray(rgb)
    return pixels


def _split(strip: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A strip as 8-bit L, RGB or CMYK, and its transparency."""
    strip = _eight_bit(strip)
    alpha = None
    if strip.mode == "RGBa":
        strip = strip.convert("RGBA")
    if strip.has_transparency_data:
        full = strip.convert("RGBA")
        alpha = full.getchannel("A")
        strip = strip.convert("L") if strip.mode in ("L", "LA") else full
    if strip.mode in ("1", "LA"):
        return strip.convert("L"), alpha
    return strip if strip.mode in ("L", "RGB", "CMYK") else strip.convert("RGB"), alpha


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit greys to 8 bits. Pillow's `convert` would clip them at 255."""
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.float32) / 257.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    if orientation not in _UPRIGHT:
        return pixels
    return np.asarray(Image.fromarray(pixels).transpose(_UPRIGHT[orientation]))
