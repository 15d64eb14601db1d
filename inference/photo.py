"""Decoding: the bytes of a photo file become upright 8-bit sRGB pixels, or a `PhotoError` that says why not."""

import warnings
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from time import perf_counter
from typing import Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

# Two 64-megapixel sensors are common; past that a phone offers nothing a 224-pixel network could use, and
# the decoded copies would not fit beside the models in a small server's memory.
MAX_PIXELS: Final = 64 * 1024 * 1024

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF", "GIF")
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
# Only these have frames that follow one another in time. A JPEG with several pictures inside (MPO) or a HEIC
# burst is a still photo with attachments, and phones make them every day.
_ANIMATED_FORMATS: Final = ("GIF", "PNG", "WEBP")

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB: Final = ImageCms.createProfile("sRGB")

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


class PhotoFault(StrEnum):
    """Why bytes are not a photo that can be read."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    ANIMATED = "animated"


class PhotoError(ValueError):
    """The bytes cannot be read as a photo; `fault` is the reason."""

    def __init__(self, fault: PhotoFault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return self.fault.value


@dataclass(frozen=True, eq=False)
class Photo:
    """`pixels`: H x W x 3, uint8, RGB in sRGB, upright. Nothing else of the file (EXIF, place, time) is kept.

    `decode_ms` is what decoding took, in milliseconds.
    """

    pixels: NDArray[np.uint8]
    decode_ms: float = 0.0

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def decode(data: bytes) -> Photo:
    """Read a JPEG, PNG, WebP, HEIC or still GIF of any colour mode and depth.

    EXIF orientation is applied, an embedded colour profile is converted to sRGB, transparency is laid on white.
    The number of pixels is checked against `MAX_PIXELS` from the header, before anything is decoded.

    Raises:
        PhotoError: with the `PhotoFault` that applies; nothing else is raised for any input.
    """
    began = perf_counter()
    if not data:
        raise PhotoError(PhotoFault.EMPTY)
    try:
        # Pillow warns where a header announces too many pixels and raises where it announces twice as many.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PhotoError(PhotoFault.TOO_MANY_PIXELS)
                if image.format in _ANIMATED_FORMATS and getattr(image, "is_animated", False):
                    raise PhotoError(PhotoFault.ANIMATED)
                pixels = _pixels(image)
                return Photo(pixels, (perf_counter() - began) * 1000)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PhotoError(PhotoFault.TOO_MANY_PIXELS) from error
    except PhotoError:
        raise
    # The decoders of five formats, fed by strangers, fail in whatever way they please (OSError, SyntaxError,
    # ValueError, struct.error, EOFError ...): to the caller it is one and the same thing.
    except Exception as error:
        fault = PhotoFault.TRUNCATED if _starts_as_image(data) else PhotoFault.NOT_AN_IMAGE
        raise PhotoError(fault) from error


def _starts_as_image(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    heic = data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
    return webp or heic or data.startswith(_SIGNATURES)


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    image.load()
    orientation = _orientation(image)
    profile = image.info.get("icc_profile")
    flat = _eight_bit(image)
    if flat.has_transparency_data:
        flat = flat.convert("RGBA")
        white = Image.new("RGBA", flat.size, "white")
        flat = Image.alpha_composite(white, flat).convert("RGB")
    rgb = _to_srgb(flat, profile)
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    return np.array(rgb, dtype=np.uint8)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block is no reason to refuse the pixels
        return 1


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit greys to 8 bits: `convert` would clip at 255 instead of scaling."""
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.float32) / 257.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
                return converted if converted is not None else image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken or mismatching profile: the numbers as they stand are the better guess
    return image if image.mode == "RGB" else image.convert("RGB")
