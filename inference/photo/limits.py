"""Limits on the cost of decoding a photo. The cost is known from the file's headers before any pixel is decoded."""

from typing import Final

from inference.photo.values import PhotoError, PhotoFault

# Sensors of 64 megapixels are common. A network that reads 224 pixels gains nothing from more.
MAX_PIXELS: Final = 64 * 1024 * 1024

# Larger photos are read at half their width and height. Drawings are smaller than that, and the steps after decoding
# hold several copies of the pixels.
_KEPT_PIXELS: Final = 16 * 1024 * 1024

# libwebp and its animation decoder hold 16 bytes a pixel, libde265 and libheif up to 8.
_MAX_PIXELS_OF: Final = {"WEBP": 32 * 1024 * 1024}

# A progressive JPEG is held in memory as coefficients of two bytes each until its last scan.
_MAX_COEFFICIENT_BYTES: Final = 400 * 1024 * 1024
# Encoders write 10 or so. Every scan passes over the whole picture: 1,500 in 150 KB took a minute.
MAX_SCANS: Final = 100
_MAX_SCANNED_COEFFICIENTS: Final = 3 * 1000 * 1000 * 1000

# Cameras and programs write a few hundred at most. Five million empty ones in 20 MB took 19 s and 1.2 GB.
_MAX_SEGMENTS: Final = 4096


def check_pixels(kind: str | None, width: int, height: int) -> None:
    """Refuse a picture that would take too much memory. `kind` is its format as Pillow names it.

    Raises:
        PhotoError: `TOO_MANY_PIXELS`.
    """
    if width * height > min(MAX_PIXELS, _MAX_PIXELS_OF.get(kind or "", MAX_PIXELS)):
        raise PhotoError(PhotoFault.TOO_MANY_PIXELS)


def check_scans(coefficients: int, scans: int) -> None:
    """Refuse a JPEG of several scans that would take too much memory or time.

    Args:
        coefficients: their number in all components.
        scans: how often the decoder passes over them.

    Raises:
        PhotoError: `TOO_MANY_PIXELS` or `TOO_COSTLY`.
    """
    if scans > MAX_SCANS:
        raise PhotoError(PhotoFault.TOO_COSTLY)
    if scans > 1 and 2 * coefficients > _MAX_COEFFICIENT_BYTES:
        raise PhotoError(PhotoFault.TOO_MANY_PIXELS)
    if scans * coefficients > _MAX_SCANNED_COEFFICIENTS:
        raise PhotoError(PhotoFault.TOO_COSTLY)


def check_segments(number: int) -> None:
    """Refuse a JPEG of very many segments.

    Raises:
        PhotoError: `TOO_COSTLY`.
    """
    if number > _MAX_SEGMENTS:
        raise PhotoError(PhotoFault.TOO_COSTLY)


def reduction(width: int, height: int) -> int:
    """The factor by which a picture's sides shrink when it is read: 1 or 2."""
    return 1 if width * height <= _KEPT_PIXELS else 2
