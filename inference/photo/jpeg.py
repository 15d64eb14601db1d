"""JPEG: this module reads the structure, libjpeg-turbo reads the pixels, and its warnings count.

Pillow's decoder drops these warnings, so half a photo would pass as a complete one. libjpeg-turbo tells only its first
warning, so the harmless ones are prevented.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from inference.photo.limits import check_scans, check_segments, reduction
from inference.photo.values import PhotoError, PhotoFault

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_SOI, _EOI, _SOS, _JPEG_LS, _JFIF, _ADOBE = 0xD8, 0xD9, 0xDA, 0xF7, 0xE0, 0xEE
# Every frame header; C4, C8 and CC are tables.
_SOF: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
# Baseline, extended and progressive, with either kind of code. Others are lossless or hierarchical.
_READ_SOF: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_DEPTH: Final = 8
# Frames, tables, restart intervals and scans, and what the segments for programs start with that say how to show them.
_NEEDED: Final = _SOF | {0xC4, 0xCC, 0xDB, 0xDD, _SOS}
_NEEDED_STARTS: Final = {
    _JFIF: (b"JFIF\0",),
    0xE1: (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"),
    0xE2: (b"ICC_PROFILE\0",),
    _ADOBE: (b"Adobe",),
}
_ADOBE_LENGTH: Final = 12
_ADOBE_TRANSFORMS: Final = frozenset({0, 1, 2})
# No stuffed byte, filling, or marker without a body.
_MARKER: Final = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd7]")
_COEFFICIENTS: Final = 64
_SEQUENTIAL: Final = bytes((0, _COEFFICIENTS - 1, 0))  # the last three bytes of a scan that sends everything

_EXTRA: Final = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
# Some cameras pad the last scan. More bytes than this come from a damaged scan.
_PADDING: Final = 64


@dataclass
class Structure:
    """The structure of the first picture in a JPEG file, from its headers.

    `width` and `height` are in pixels. `coefficients` is their number in all components. `scans` counts the passes over
    them. `needed` is the file without other pictures and without what only other programs read. `complete` says whether
    the scans send every coefficient in full.
    """

    width: int = 0
    height: int = 0
    coefficients: int = 0
    scans: int = 0
    needed: bytes = _START + _END
    progressive: bool = False
    missing_bits: dict[int, list[int]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return bool(self.missing_bits) and not any(any(bits) for bits in self.missing_bits.values())


class _Segment(NamedTuple):
    marker: int
    body: bytes
    scan: bytes  # the coded pixels behind the header of a scan


def structure(data: bytes) -> Structure:
    """Read the markers of the first picture in a JPEG file; see `Structure`.

    Raises:
        PhotoError: `NOT_AN_IMAGE` for a kind of JPEG that cannot be read, or see `check_scans` and `check_segments`.
    """
    found = Structure()
    parts = [_START]
    for number, (marker, body, scan) in enumerate(_segments(data), start=1):
        check_segments(number)
        if marker == _JPEG_LS:
            raise PhotoError(PhotoFault.NOT_AN_IMAGE)
        if marker in _SOF and not found.coefficients:
            _frame(found, marker, body)
        elif marker == _SOS:
            found.scans += 1
            # Finding all of 1,500 scans takes time too.
            check_scans(found.coefficients, found.scans)
            _scan(found, body)
        if marker in _NEEDED or _says_how_to_show(marker, body):
            body = _ordinary(found, marker, body)
            parts += [bytes((0xFF, marker)), (2 + len(body)).to_bytes(2), body, scan]
    found.needed = b"".join([*parts, _END])
    return found


def pixels(found: Structure, mode: str) -> NDArray[np.uint8]:
    """Decode a JPEG of one of Pillow's modes `L`, `RGB` or `CMYK`, at half its size if it is large.

    Returns:
        H x W x channels, uint8; CMYK with 255 for full ink.

    Raises:
        PhotoError: `TRUNCATED` if a part of the pixels is missing or damaged.
    """
    if not found.complete:
        raise PhotoError(PhotoFault.TRUNCATED)
    factor = reduction(found.width, found.height)
    # At a factor of 1 no size is asked for.
    least = {"min_width": -(-found.width // 2), "min_height": -(-found.height // 2)} if factor == 2 else {}
    space = "GRAY" if mode == "L" else mode

    def decoded(data: bytes) -> NDArray[np.uint8]:
        return np.asarray(simplejpeg.decode_jpeg(data, space, fastdct=False, fastupsample=False, **least))

    try:
        try:
            read = decoded(found.needed)
        except ValueError as warning:
            extra = _EXTRA.search(str(warning))
            if extra is None or int(extra[1]) > _PADDING:
                raise
            read = decoded(found.needed[: -len(_END) - int(extra[1])] + _END)
    except ValueError as warning:
        raise PhotoError(PhotoFault.TRUNCATED) from warning
    # Adobe's programs store inverted ink values, and so do all others since.
    return np.subtract(255, read, dtype=np.uint8) if mode == "CMYK" else read


def _segments(data: bytes) -> Iterator[_Segment]:
    """The segments up to the end of the first picture. Where its end marker is missing, the next picture ends it."""
    place, has_scans = len(_START), False
    while (found := _MARKER.search(data, place)) is not None:
        at, marker = found.start(), data[found.start() + 1]
        if marker == _EOI or (marker == _SOI and has_scans):
            return
        if marker == _SOI:
            place = found.end()
            continue
        length = max(int.from_bytes(data[at + 2 : at + 4]), 2)
        start = place = at + 2 + length
        if marker == _SOS:
            following = _MARKER.search(data, place)
            place, has_scans = following.start() if following else len(data), True
        yield _Segment(marker, data[at + 4 : start], data[start:place])


def _says_how_to_show(marker: int, body: bytes) -> bool:
    if not body.startswith(_NEEDED_STARTS.get(marker, ())):
        return False
    # libjpeg-turbo warns of another transform, and then takes the usual one.
    return marker != _ADOBE or (len(body) >= _ADOBE_LENGTH and body[_ADOBE_LENGTH - 1] in _ADOBE_TRANSFORMS)


def _ordinary(found: Structure, marker: int, body: bytes) -> bytes:
    """A segment without the odd values of which libjpeg-turbo warns, although it does not use them."""
    if marker == _JFIF and len(body) > 6:
        return body[:5] + b"\1" + body[6:]
    header = 1 + 2 * body[0] if marker == _SOS and body else 0
    if header and not found.progressive and len(body) >= header + len(_SEQUENTIAL):
        return body[:header] + _SEQUENTIAL
    return body


def _frame(found: Structure, marker: int, body: bytes) -> None:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        return
    if marker not in _READ_SOF or body[0] != _DEPTH:
        raise PhotoError(PhotoFault.NOT_AN_IMAGE)
    found.height, found.width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
    found.progressive = marker in _PROGRESSIVE
    parts = [(body[at], body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, 6 + 3 * body[5], 3)]
    across, down = (max((part[side] for part in parts), default=1) or 1 for side in (1, 2))
    for name, wide, high in parts:
        found.coefficients += -(-found.width * wide // across) * -(-found.height * high // down)
        found.missing_bits[name] = [1] * _COEFFICIENTS


def _scan(found: Structure, body: bytes) -> None:
    """Note which coefficients a scan sends, and down to which bit."""
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return
    first, last, low = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] & 15
    if not found.progressive:
        first, last, low = 0, _COEFFICIENTS - 1, 0
    for name in body[1 : 1 + 2 * count : 2]:
        if name in found.missing_bits and last < _COEFFICIENTS:
            found.missing_bits[name][first : last + 1] = [low] * (last + 1 - first)
