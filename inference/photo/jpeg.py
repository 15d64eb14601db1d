"""JPEG: this module reads the structure, libjpeg-turbo reads the pixels, and its warnings count.

Pillow's decoder drops these warnings, so half a photo would pass as a complete one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from inference.photo.limits import check_scans, reduction
from inference.photo.values import PhotoError, PhotoFault

_END: Final = b"\xff\xd9"
_SOS: Final = 0xDA
_EOI: Final = 0xD9
# Every frame header; C4, C8 and CC are tables.
_SOF: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_BARE: Final = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})  # markers without a body
_AFTER_SCAN: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_COEFFICIENTS: Final = 64

_EXTRA: Final = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
# Some cameras pad the last scan. More bytes than this come from a damaged scan.
_PADDING: Final = 64
_DAMAGE: Final = re.compile("corrupt|premature|progression|huffman", re.IGNORECASE)


@dataclass
class Structure:
    """The structure of a JPEG file, from its headers.

    `width` and `height` are in pixels. `coefficients` is their number in all components. `scans` counts the passes over
    them. `end` is the offset behind the last scan. `complete` says whether the scans send every coefficient in full.
    """

    width: int = 0
    height: int = 0
    coefficients: int = 0
    scans: int = 0
    end: int = 0
    progressive: bool = False
    missing_bits: dict[int, list[int]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return bool(self.missing_bits) and not any(any(bits) for bits in self.missing_bits.values())


class _Segment(NamedTuple):
    marker: int
    body: bytes
    end: int  # for a scan: behind its data


def structure(data: bytes) -> Structure:
    """Read the markers of the first picture in a JPEG file; see `Structure`.

    Raises:
        PhotoError: see `check_scans`.
    """
    found = Structure()
    for marker, body, end in _segments(data):
        if marker in _SOF and not found.coefficients:
            _frame(found, marker, body)
        elif marker == _SOS:
            found.scans, found.end = found.scans + 1, end
            # Finding all of 1,500 scans takes time too.
            check_scans(found.coefficients, found.scans)
            _scan(found, body)
    return found


def pixels(data: bytes, mode: str) -> NDArray[np.uint8]:
    """Decode a JPEG of one of Pillow's modes `L`, `RGB` or `CMYK`, at half its size if it is large.

    Returns:
        H x W x channels, uint8; CMYK with 255 for full ink.

    Raises:
        PhotoError: `TRUNCATED` if a part of the pixels is missing or damaged; or see `check_scans`.
        ValueError: libjpeg-turbo cannot read it at all.
    """
    found = structure(data)
    if not found.complete:
        raise PhotoError(PhotoFault.TRUNCATED)
    factor = reduction(found.width, found.height)
    # At a factor of 1 no size is asked for.
    least = {"min_width": -(-found.width // 2), "min_height": -(-found.height // 2)} if factor == 2 else {}
    space = "GRAY" if mode == "L" else mode

    def decoded(end: int, strict: bool = True) -> NDArray[np.uint8]:
        # Behind the last scan are the end marker, if it arrived, and other pictures.
        whole = data[:end] + _END
        return np.asarray(
            simplejpeg.decode_jpeg(whole, space, fastdct=False, fastupsample=False, strict=strict, **least)
        )

    try:
        read = decoded(found.end)
    except ValueError as warning:
        extra = _EXTRA.search(str(warning))
        if extra is not None and int(extra[1]) <= _PADDING:
            read = decoded(found.end - int(extra[1]))
        elif _DAMAGE.search(str(warning)):
            raise PhotoError(PhotoFault.TRUNCATED) from warning
        else:
            read = decoded(found.end, strict=False)
    # Adobe's programs store inverted ink values, and so do all others since.
    return np.subtract(255, read, dtype=np.uint8) if mode == "CMYK" else read


def _segments(data: bytes) -> Iterator[_Segment]:
    place = 2
    while (at := data.find(b"\xff", place)) >= 0 and at + 1 < len(data):
        marker = data[at + 1]
        if marker == _EOI:
            return
        if marker in (0x00, 0xFF) or marker in _BARE:
            place = at + 1 if marker == 0xFF else at + 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        body, place = data[at + 4 : at + 2 + length], at + 2 + max(length, 2)
        if marker == _SOS:
            following = _AFTER_SCAN.search(data, place)
            place = following.start() if following else len(data)
        yield _Segment(marker, body, place)


def _frame(found: Structure, marker: int, body: bytes) -> None:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        return
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
