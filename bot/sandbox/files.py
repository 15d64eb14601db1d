"""The files of the sandbox, in memory, and the sizes that Telegram makes of a photo."""

from __future__ import annotations

import asyncio
import io
import mimetypes
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

import numpy as np
import pillow_heif
from aiogram.types import Animation, Document, LivePhoto, PhotoSize, Sticker, Video, Voice
from PIL import Image, ImageOps, UnidentifiedImageError

from bot.sandbox.errors import bad_request

KEPT_BYTES = 512 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"
PHOTO_SIDES = (90, 320, 800, 1280)
PIXEL_LIMIT = 80_000_000

_Identified = PhotoSize | LivePhoto | Document | Voice | Video | Sticker | Animation
Media = tuple[PhotoSize, ...] | LivePhoto | Document | Voice | Video | Sticker | Animation

pillow_heif.register_heif_opener()


class NotAPhoto(Exception):
    """These bytes are no valid photo. The text is Telegram's error."""


@dataclass(frozen=True)
class Rendition:
    """A photo in one size: JPEG bytes, width and height in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class StoredFile:
    """A stored file. `media` is its part of a message; `data` is None over 20 MB."""

    file_id: str
    file_unique_id: str
    path: str
    size: int
    data: bytes | None
    mime_type: str
    media: Media

    def save_under(self, folder: Path) -> Path:
        """Writes the file below `folder`, as a Bot API server in local mode does. Returns the absolute path."""
        target = (folder / self.path).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.data or b"")
        return target


class FileStore:
    """Keeps the newest files, up to a number of bytes. Older files have expired, as in Telegram."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        self._bytes = 0
        self._kept_bytes = kept_bytes
        self._count = 0

    def add_photo(self, renditions: Sequence[Rendition]) -> tuple[PhotoSize, ...]:
        """Stores a photo, the smallest size first; returns its part of a message."""
        sizes = tuple(
            PhotoSize(
                file_id=_identifier("AgAC"),
                file_unique_id=_identifier("AQAD", 9),
                width=rendition.width,
                height=rendition.height,
                file_size=len(rendition.data),
            )
            for rendition in renditions
        )
        for size, rendition in zip(sizes, renditions, strict=True):
            self._keep(size, "photos", ".jpg", rendition.data, "image/jpeg", sizes)
        return sizes

    def add_document(self, data: bytes, name: str, mime_type: str | None = None) -> Document:
        """Stores a file byte for byte."""
        # A client sends octet-stream for an unknown type. Then Telegram uses the name.
        known = mime_type if mime_type != UNKNOWN_TYPE else None
        mime = known or mimetypes.guess_type(name)[0] or UNKNOWN_TYPE
        document = Document(
            file_id=_identifier("BQAC"),
            file_unique_id=_identifier("AgAD", 9),
            file_name=name,
            mime_type=mime,
            file_size=len(data),
        )
        self._keep(document, "documents", PurePath(name).suffix, data, mime, document)
        return document

    def add_live_photo(self, video: bytes, still: Sequence[PhotoSize]) -> LivePhoto:
        """Stores the moving part of a photo. `still` is stored already. The sandbox invents the length."""
        live = LivePhoto(
            file_id=_identifier("BAAC"),
            file_unique_id=_identifier("AgAD", 9),
            width=still[-1].width,
            height=still[-1].height,
            duration=2,
            photo=list(still),
            mime_type="video/mp4",
            file_size=len(video),
        )
        self._keep(live, "videos", ".mp4", video, "video/mp4", live)
        return live

    def add_clip(self, kind: str, data: bytes) -> Voice | Video | Sticker | Animation:
        """Stores a voice message, video, sticker or animation. The sandbox invents its length and size."""
        file_id, unique = _identifier("DQAC"), _identifier("AgAD", 9)
        clip: Voice | Video | Sticker | Animation
        if kind == "voice":
            clip = Voice(
                file_id=file_id,
                file_unique_id=unique,
                duration=3,
                mime_type="audio/ogg",
                file_size=len(data),
            )
        elif kind == "video":
            clip = Video(
                file_id=file_id,
                file_unique_id=unique,
                width=640,
                height=480,
                duration=3,
                mime_type="video/mp4",
                file_size=len(data),
            )
        elif kind == "sticker":
            clip = Sticker(
                file_id=file_id,
                file_unique_id=unique,
                type="regular",
                width=512,
                height=512,
                is_animated=False,
                is_video=False,
                emoji="🙂",
                file_size=len(data),
            )
        else:
            clip = Animation(
                file_id=file_id,
                file_unique_id=unique,
                width=320,
                height=240,
                duration=2,
                file_name="animation.gif.mp4",
                mime_type="video/mp4",
                file_size=len(data),
            )
        mime = getattr(clip, "mime_type", None) or "image/webp"
        self._keep(clip, f"{kind}s", mimetypes.guess_extension(mime) or "", data, mime, clip)
        return clip

    def get(self, file_id: str) -> StoredFile:
        """The file. Raises: ApiError 400 if it is unknown or has expired."""
        try:
            return self._files[file_id]
        except KeyError:
            raise bad_request("wrong file_id or the file is temporarily unavailable") from None

    def at(self, path: str) -> StoredFile | None:
        """The file with this path from getFile; None if it has expired."""
        return next((file for file in self._files.values() if file.path == path), None)

    def _keep(self, file: _Identified, folder: str, suffix: str, data: bytes, mime: str, media: Media) -> None:
        path = f"{folder}/file_{self._count}{suffix}"
        self._count += 1
        kept = data if len(data) <= DOWNLOAD_LIMIT else None
        self._files[file.file_id] = StoredFile(file.file_id, file.file_unique_id, path, len(data), kept, mime, media)
        self._bytes += len(kept or b"")
        while self._bytes > self._kept_bytes and len(self._files) > 1:
            _, oldest = self._files.popitem(last=False)
            self._bytes -= len(oldest.data or b"")


async def renditions(data: bytes, *, from_bot: bool) -> list[Rendition]:
    """The sizes that Telegram makes of a photo, in a thread: JPEG, upright, without EXIF, smallest first.

    A bot's photo must fit the limits of sendPhoto. A person's client shrinks a photo before it sends it. Raises:
    NotAPhoto.
    """
    return list(await asyncio.to_thread(_renditions, data, from_bot))


# Cached, so that the sandbox is no bottleneck when many people send the same picture.
@lru_cache(maxsize=8)
def _renditions(data: bytes, from_bot: bool) -> tuple[Rendition, ...]:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            crooked = width + height > 10_000 or max(width, height) > 20 * min(width, height)
            if width * height > PIXEL_LIMIT or (from_bot and crooked):
                raise NotAPhoto("PHOTO_INVALID_DIMENSIONS")
            upright = _eight_bit_rgb(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPhoto("PHOTO_INVALID_DIMENSIONS") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise NotAPhoto("IMAGE_PROCESS_FAILED") from error
    sizes = []
    longest = max(upright.size)
    for side in PHOTO_SIDES:
        scale = min(side / longest, 1.0)
        width, height = (max(round(length * scale), 1) for length in upright.size)
        buffer = io.BytesIO()
        upright.resize((width, height), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=87)
        sizes.append(Rendition(buffer.getvalue(), width, height))
        if scale == 1.0:
            break
    return tuple(sizes)


def _eight_bit_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        high_byte = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return Image.fromarray(high_byte).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "P"):
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(ground, layered).convert("RGB")
    return image.convert("RGB")


def _identifier(prefix: str, length: int = 42) -> str:
    return prefix + secrets.token_urlsafe(length)
