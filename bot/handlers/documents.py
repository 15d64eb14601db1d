"""Image files sent as documents. A file that clearly cannot be read is not downloaded."""

from pathlib import PurePath

from aiogram import F, Router
from aiogram.types import Document, Message

from bot.photos.albums import Albums, Incoming
from bot.photos.inbox import Inbox
from bot.photos.service import PhotoService
from bot.results import Reason, Trouble
from bot.telegram.files import MAX_DOWNLOAD_BYTES
from inference.photo import PhotoFault

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
# Telegram's clients use these types for unknown files.
UNKNOWN_TYPES = frozenset({None, "", "application/octet-stream"})


def setup() -> Router:
    router = Router(name="documents")
    router.message.register(document, F.document, ~F.animation)
    router.edited_message.register(document, F.document, ~F.animation)
    return router


async def document(message: Message, inbox: Inbox, albums: Albums, photo_service: PhotoService) -> None:
    problem = _problem(message.document) if message.document is not None else None
    request = await inbox.find(message)
    if request is not None:
        await photo_service.receive(await albums.gather(Incoming(request, problem)))


def _problem(document: Document) -> Reason | None:
    """Why a file cannot be read, from its description alone; None if it may be readable."""
    is_image = (document.mime_type or "").startswith("image/")
    has_image_name = PurePath(document.file_name or "").suffix.lower() in IMAGE_SUFFIXES
    if not (is_image or has_image_name or document.mime_type in UNKNOWN_TYPES):
        return PhotoFault.NOT_AN_IMAGE
    if document.file_size is not None and document.file_size > MAX_DOWNLOAD_BYTES:
        return Trouble.TOO_LARGE
    return None
