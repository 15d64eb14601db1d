"""Converts colours to sRGB that a file describes by code points (ITU-T H.273) instead of a profile, as HDR does."""

from collections.abc import Callable
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

Curve = NDArray[np.float32]


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
    curve = _srgb_light(np.linspace(0, 1, 256)) if light is None else light
    matrix = (np.linalg.inv(_to_xyz(_SRGB)) @ _to_xyz(primaries)).astype(np.float32)
    hdr, hlg = transfer in (_PQ, _HLG), transfer == _HLG

    def convert(image: Image.Image) -> Image.Image:
        linear = curve.astype(np.float32)[np.asarray(image)] @ matrix.T
        if hlg:
            linear = _displayed(linear)
        if hdr:
            linear = _pressed(linear)
        steps = np.rint(np.clip(linear, 0, 1) * _STEPS).astype(np.uint16)
        return Image.fromarray(_ENCODED[steps])

    return convert


def _to_xyz(primaries: int) -> NDArray[np.float64]:
    """The 3 x 3 matrix from linear RGB to XYZ, with white adapted to D65."""
    points = np.array(_PRIMARIES[primaries])
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
