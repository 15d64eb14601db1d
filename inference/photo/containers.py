"""Finds damaged PNG, WebP and HEIC files, whose decoders do not report damage.

A PNG has checksums. WebP and HEIC have none. But a broken transfer or a bad memory card leaves long runs of zeros or,
like erased flash memory, of ones. Compressed data never has these.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from inference.photo.transfer import Described, Points

_PNG_HEAD: Final = 8
_PARTS: Final = 100_000
# A plain picture of 32 megapixels, with every block skipped, has at most 180 zero bytes of arithmetic code.
_WEBP_ZEROS: Final = bytes(256)
# HEVC escapes three zeros in a row, and the lengths between its units have at most three.
_HEVC_ZEROS: Final = bytes(8)
# The longest run in plain, white and chequered pictures is two bytes.
_ERASED: Final = b"\xff" * 64
_CODED_ITEMS: Final = frozenset({b"hvc1", b"hev1"})


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """The complete chunks of a PNG: name, body, and whether the checksum fits."""
    at = _PNG_HEAD
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data):
            return
        (checksum,) = struct.unpack(">I", data[end - 4 : end])
        yield kind, data[at + 8 : end - 4], zlib.crc32(data[at + 4 : end - 4]) == checksum
        at = end


def png_is_damaged(data: bytes) -> bool:
    """Whether the checksums show damage in the compressed pixels of a PNG."""
    return any(kind == b"IDAT" and not fits for kind, _, fits in png_chunks(data))


def png_colours(data: bytes) -> tuple[int, int] | Described | None:
    """How a PNG describes its colours beside a profile; None if it does not, or says that they are sRGB.

    The code points of primaries and transfer in `cICP`, else what `gAMA` and `cHRM` say. `sRGB` replaces these two.
    """
    exponent: float | None = None
    points: Points | None = None
    is_srgb = False
    for kind, body, _ in png_chunks(data):
        if kind == b"cICP" and len(body) == 4:
            return body[0], body[1]
        if kind == b"gAMA" and len(body) == 4:
            exponent = int.from_bytes(body) / _PARTS
        if kind == b"cHRM" and len(body) == 32:
            values = [each / _PARTS for each in struct.unpack(">8I", body)]
            white, *primaries = zip(values[::2], values[1::2], strict=True)
            points = (*primaries, white)
        is_srgb = is_srgb or kind == b"sRGB"
        if kind == b"IDAT":
            break
    return None if is_srgb or (exponent, points) == (None, None) else Described(exponent, points)


def webp_is_damaged(data: bytes) -> bool:
    """Whether a part of a WebP's compressed pixels is zeroed or erased."""
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        coded = data[at + 8 : at + 8 + length]
        if kind in (b"VP8 ", b"VP8L") and (_WEBP_ZEROS in coded or _ERASED in coded):
            return True
        at += 8 + length + length % 2
    return False


def brands(data: bytes) -> set[bytes]:
    """The brands of an ISO base media file, such as a HEIC; none for any other file."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4]), len(data))
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}


def heic_is_damaged(data: bytes) -> bool:
    """Whether a part of a HEIC's compressed pixels is missing, zeroed or erased."""
    for start, length in _coded_extents(data):
        coded = data[start : start + length]
        if start + length > len(data) or _HEVC_ZEROS in coded or _ERASED in coded:
            return True
    return False


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while at + 8 <= end:
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        stop = end if length == 0 else at + length
        if length and length < head:
            return
        yield kind, at + head, min(stop, end)
        at = stop


def _coded_extents(data: bytes) -> Iterator[tuple[int, int]]:
    """Offset and length of every stretch of HEVC in the file (ISO 14496-12, 8.11)."""
    meta = next(((at, end) for kind, at, end in _boxes(data, 0, len(data)) if kind == b"meta"), None)
    if meta is None:
        return
    inside = {kind: (at, end) for kind, at, end in _boxes(data, meta[0] + 4, meta[1])}
    if b"iloc" not in inside or b"iinf" not in inside:
        return
    coded = _coded_items(data, *inside[b"iinf"])
    at = inside[b"iloc"][0]
    version, sizes, bases = data[at], data[at + 4], data[at + 5]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, bases >> 4
    index_size = bases & 15 if version else 0
    number = 4 if version == 2 else 2
    at += 6

    def take(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at])

    for _ in range(take(number)):
        item = take(number)
        method = take(2) & 15 if version else 0
        take(2)
        base = take(base_size)
        for _ in range(take(2)):
            take(index_size)
            start, length = take(offset_size), take(length_size)
            if method == 0 and item in coded:
                yield base + start, length
        if at > len(data):
            return


def _coded_items(data: bytes, at: int, end: int) -> set[int]:
    found = set()
    for kind, start, _ in _boxes(data, at + (6 if data[at] == 0 else 8), end):
        if kind == b"infe" and data[start] >= 2:
            size = 2 if data[start] == 2 else 4
            item, name = data[start + 4 : start + 4 + size], data[start + 6 + size : start + 10 + size]
            if name in _CODED_ITEMS:
                found.add(int.from_bytes(item))
    return found
