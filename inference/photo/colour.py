"""Colour: converts a file's colours to sRGB by its profile or its code points.

A profile is judged by what it does to colours, not by its name. Display P3 of some phones and GIMP's linear profile
have "sRGB" in their names.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from inference.photo.transfer import Described, described, signalled

Conversion = Callable[[Image.Image], Image.Image]
"""Turns a picture of mode L, RGB or CMYK into RGB in sRGB."""

_SRGB: Final = ImageCms.createProfile("sRGB")
_MODES: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # Pillow's mode by the profile's colour space
_SAME: Final = 2  # of 255; sRGB profiles differ by this much from each other
_STEPS: Final = np.linspace(0, 255, 9).round().astype(np.uint8)
_PROBE: Final = Image.fromarray(np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS), axis=-1).reshape(9, 81, 3))


def conversion(mode: str, profile: bytes | None, signal: tuple[int, int] | Described | None) -> Conversion:
    """How a picture of this mode becomes sRGB.

    Args:
        mode: L, RGB or CMYK.
        profile: the file's ICC profile. A broken one, or one of another colour space than the pixels, is ignored, since
            the unchanged values are then the better guess.
        signal: code points of primaries and transfer, from `nclx` of a HEIC or `cICP` of a PNG, or its gamma and
            chromaticities. A profile has priority over them.
    """
    by_profile = _by_profile(mode, profile) if profile else None
    if by_profile is not None:
        return by_profile
    if isinstance(signal, Described) and mode in ("L", "RGB"):
        by_chunks = described(signal)
        return _as_it_is if by_chunks is None else lambda image: by_chunks(image.convert("RGB"))
    by_signal = signalled(*signal) if isinstance(signal, tuple) and mode == "RGB" else None
    return by_signal or _as_it_is


def _as_it_is(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


def _by_profile(mode: str, profile: bytes) -> Conversion | None:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        wanted = _MODES.get(source.profile.xcolor_space.strip())
        # A profile must fit the mode of the picture. Only a profile for RGB also fits a grey picture, as a colour with
        # equal channels.
        if wanted is None or (wanted != mode and (mode, wanted) != ("L", "RGB")):
            return None
        transform = ImageCms.buildTransform(source, _SRGB, wanted, "RGB")

        def convert(image: Image.Image) -> Image.Image:
            converted = ImageCms.applyTransform(image.convert(wanted), transform)
            assert converted is not None  # None only if the picture is changed in place
            return converted

        return _as_it_is if wanted != "CMYK" and _changes_nothing(convert, wanted) else convert
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _changes_nothing(convert: Conversion, mode: str) -> bool:
    probe = _PROBE.convert(mode)
    plain, converted = (np.asarray(picture, np.int16) for picture in (probe.convert("RGB"), convert(probe)))
    return bool(np.abs(plain - converted).max() <= _SAME)
