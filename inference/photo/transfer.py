"""Converts colours to sRGB that a file describes without a profile.

HDR does so by code points (ITU-T H.273), an old PNG by a gamma and chromaticities.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_UNSPECIFIED: Final = frozenset({0, 2})
_SRGB: Final = 1
_D65: Final = (0.3127, 0.3290)
# x and y of red, green, blue and white, by code point.
_PRIMARIES: Final = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
_GAMMA_22, _GAMMA_28, _LINEAR, _PQ, _HLG = 4, 5, 8, 16, 18

_WHITE_NITS: Final = 203.0  # of white paper in HDR (ITU-R BT.2408); 1.0 of sRGB
_HLG_NITS: Final = 1000.0  # of the display that HLG is judged on
_KNEE: Final = 0.8  # below this, HDR is unchanged; brighter values are compressed into the rest
_STEPS: Final = 4095

# Gammas close to that of sRGB stand for its curve, and so do chromaticities for its primaries.
_GAMMAS_OF_SRGB: Final = (2.1, 2.3)
_GAMMAS: Final = (0.9, 4.0)
_SAME_POINT: Final = 0.005

Curve = NDArray[np.float32]
Points = tuple[tuple[float, float], ...]
"""x and y of red, green, blue and white."""


@dataclass(frozen=True)
class Described:
    """The chunks `gAMA` and `cHRM` of a PNG: the exponent of its encoding, and its primaries."""

    exponent: float | None
    points: Points | None


def signalled(primaries: int, transfer: int) -> Callable[[Image.Image], Image.Image] | None:
    """A function that converts an RGB picture of these code points to sRGB; None if it is sRGB or unknown.

    The curves of video (BT.709, BT.601, BT.2020) count as sRGB's, as in viewers of still photos.
    """
    primaries = _SRGB if primaries in _UNSPECIFIED else primaries
    if primaries not in _PRIMARIES:
        return None
    light = _light(transfer)
    if primaries == _SRGB and light is None:
        return None
    return _converter(_PRIMARIES[primaries], light, hdr=transfer in (_PQ, _HLG), hlg=transfer == _HLG)


def described(by: Described) -> Callable[[Image.Image], Image.Image] | None:
    """A function that converts an RGB picture with these chunks to sRGB; None if it is sRGB, or they make no sense."""
    gamma = 1 / by.exponent if by.exponent else _GAMMAS_OF_SRGB[0]
    if not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return None
    srgb = _PRIMARIES[_SRGB]
    points = srgb if by.points is None or not _are_primaries(by.points) else by.points
    same = bool(np.abs(np.subtract(points, srgb)).max() <= _SAME_POINT)
    light = None if _GAMMAS_OF_SRGB[0] <= gamma <= _GAMMAS_OF_SRGB[1] else np.linspace(0, 1, 256) ** gamma
    return None if same and light is None else _converter(points, light)


def _are_primaries(points: Points) -> bool:
    (red, green, blue, white) = points
    area = (green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1])
    return abs(area) > _SAME_POINT and white[1] > 0 and min(y for _, y in points) > 0


def _converter(
    points: Points, light: NDArray[np.float64] | None, *, hdr: bool = False, hlg: bool = False
) -> Callable[[Image.Image], Image.Image]:
    curve = _srgb_light(np.linspace(0, 1, 256)) if light is None else light
    matrix = (np.linalg.inv(_to_xyz(_PRIMARIES[_SRGB])) @ _to_xyz(points)).astype(np.float32)

    def convert(image: Image.Image) -> Image.Image:
        linear = curve.astype(np.float32)[np.asarray(image)] @ matrix.T
        if hlg:
            linear = _displayed(linear)
        if hdr:
            linear = _pressed(linear)
        steps = np.rint(np.clip(linear, 0, 1) * _STEPS).astype(np.uint16)
        return Image.fromarray(_ENCODED[steps])

    return convert


def _to_xyz(of: Points) -> NDArray[np.float64]:
    """The 3 x 3 matrix from linear RGB to XYZ, with white adapted to D65."""
    points = np.array(of)
    xyz = np.stack([points[:, 0] / points[:, 1], np.ones(4), (1 - points.sum(1)) / points[:, 1]])
    matrix = xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])
    x, y = _D65
    adapted = np.array([x / y, 1, (1 - x - y) / y]) / xyz[:, 3]
    return np.asarray(adapted[:, None] * matrix)


def _light(transfer: int) -> NDArray[np.float64] | None:
    """Linear light of each of 256 values, 1 for white; None for sRGB's curve and similar ones."""
    values = np.linspace(0, 1, 256)
    if transfer == _GAMMA_22:
        return values**2.2
    if transfer == _GAMMA_28:
        return values**2.8
    if transfer == _LINEAR:
        return values
    if transfer == _PQ:  # SMPTE ST 2084
        root = values ** (32 / 2523)
        light = np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)
        return np.asarray(10_000 / _WHITE_NITS * light ** (8192 / 1305))
    if transfer == _HLG:  # ITU-R BT.2100: light of the scene; `_displayed` converts it to that of the display
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    return None


def _displayed(linear: Curve) -> Curve:
    """Convert HLG's scene light to display light: a system gamma of 1.2, applied to brightness (ITU-R BT.2100)."""
    luma = np.maximum(linear @ np.array([0.2126, 0.7152, 0.0722], np.float32), 1e-6)
    return np.asarray(linear * (luma**0.2 * (_HLG_NITS / _WHITE_NITS))[..., None], np.float32)


def _pressed(linear: Curve) -> Curve:
    """Compress values brighter than white into the range below it. The hue stays."""
    peak = np.maximum(linear.max(axis=-1), 1e-6)
    room = 1 - _KNEE
    shown = np.where(peak > _KNEE, 1 - room * np.exp(-np.maximum(peak - _KNEE, 0) / room), peak)
    return np.asarray(linear * (shown / peak)[..., None], np.float32)


def _srgb_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _srgb_values(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


_ENCODED: Final = np.rint(_srgb_values(np.linspace(0, 1, _STEPS + 1)) * 255).astype(np.uint8)
