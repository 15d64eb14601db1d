"""Small copies of kept photos, which a phone shows beside a line of text."""

from io import BytesIO
from typing import Final

from PIL import Image

SIDE: Final = 480


def thumbnail(picture: bytes) -> bytes:
    """A JPEG of at most 480 by 480 pixels, without metadata."""
    buffer = BytesIO()
    with Image.open(BytesIO(picture)) as photo:
        # The decoder shrinks by itself, which takes a fraction of the time.
        photo.draft("RGB", (SIDE, SIDE))
        small = photo.convert("RGB")
        small.thumbnail((SIDE, SIDE))
        small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
