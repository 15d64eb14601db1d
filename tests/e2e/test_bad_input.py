"""Everything that is no readable photo gets a clear, kind answer."""

import io
import struct
import zlib

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from bot.samples import sample
from bot.sandbox.client import words
from models.gate.everyday_drawn import draw
from tests.e2e.playing import Person


def mole() -> Image.Image:
    return Image.open(io.BytesIO(sample("mole"))).convert("RGB")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def enormous_png() -> bytes:
    """30,000 x 30,000 pixels in a few kilobytes: a header that no decoder should believe."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(2_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def animated_gif() -> bytes:
    frames = [mole(), mole().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)


def sixteen_bit_png(pixels: np.ndarray) -> bytes:
    """`pixels`: H x W grey or H x W x 3 BGR, uint8."""
    return cv2.imencode(".png", pixels.astype(np.uint16) * 257)[1].tobytes()


def heic() -> bytes:
    pillow_heif.register_heif_opener()
    return encoded(mole(), "HEIF")


def rotated_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(mole(), "JPEG", exif=exif)


REFUSED = {
    "a text file named .jpg": (b"just some text", "photo.jpg", "image/jpeg", "not a picture"),
    "zero bytes": (b"", "photo.jpg", "image/jpeg", "empty"),
    "a truncated JPEG": (sample("mole")[:4000], "photo.jpg", "image/jpeg", "damaged"),
    "an enormous PNG": (enormous_png(), "photo.png", "image/png", "too many pixels"),
    "an animated GIF": (animated_gif(), "photo.gif", "image/gif", "moves"),
    "an 8 x 8 photo": (encoded(mole().resize((8, 8)), "PNG"), "photo.png", "image/png", "too small"),
    "a PDF": (b"%PDF-1.7", "letter.pdf", "application/pdf", "not a picture"),
    "a blurred photo": (sample("blurred"), "photo.jpg", "image/jpeg", "blurred"),
    "a dark photo": (encoded(mole().point(lambda value: value // 12), "PNG"), "photo.png", "image/png", "too dark"),
}

READ = {
    "CMYK": (encoded(mole().convert("CMYK"), "JPEG"), "photo.jpg", "image/jpeg"),
    "HEIC": (heic(), "IMG_1.HEIC", "image/heic"),
    "HEIC of unknown type": (heic(), "IMG_1.HEIC", "application/octet-stream"),
    "16 bits a channel": (sixteen_bit_png(np.asarray(mole())[..., ::-1]), "photo.png", "image/png"),
    "WebP": (encoded(mole(), "WEBP"), "photo.webp", "image/webp"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_read_is_refused_with_the_reason(person: Person, case: str) -> None:
    content, name, mime_type, reason = REFUSED[case]
    sent = await person.send_document(content, name, mime_type)
    reply = await person.answer()
    assert reason in words(reply)
    assert "Most like" not in words(reply)
    assert reply["reply_to_message"]["message_id"] == sent["message_id"]
    await person.click(reply, "How to take a good photo")
    assert "A good photo" in words(await person.answer())


@pytest.mark.parametrize("case", READ)
async def test_every_common_format_is_read(person: Person, case: str) -> None:
    await person.send_document(*READ[case])
    assert "photo" in await person.answer()


async def test_a_16_bit_grey_image_is_read_and_found_to_be_no_skin(person: Person) -> None:
    await person.send_document(sixteen_bit_png(np.asarray(mole().convert("L"))), "photo.png", "image/png")
    assert "does not look like skin" in words(await person.answer())


async def test_a_photo_with_exif_rotation_is_outlined_upright(person: Person) -> None:
    await person.send_document(rotated_jpeg(), "photo.jpg", "image/jpeg")
    largest = (await person.answer())["photo"][-1]
    assert mole().size == (600, 450)
    assert largest["height"] > largest["width"]


async def test_a_document_over_20_mb_is_refused_without_a_download(person: Person) -> None:
    await person.send_document(bytes(20 * 1024 * 1024 + 1), "photo.png", "image/png")
    assert "over 20 MB" in words(await person.answer())


@pytest.mark.parametrize(
    ("kind", "passage"),
    [("voice", "recordings"), ("video", "videos"), ("sticker", "sticker"), ("animation", "moving pictures")],
)
async def test_other_content_is_answered_kindly(person: Person, kind: str, passage: str) -> None:
    await person.send_clip(kind)
    assert passage in words(await person.answer())


async def test_a_photo_without_a_lesion_gets_no_class(person: Person) -> None:
    bare = Image.fromarray(draw("bare skin tones", 1000))
    await person.send_photos(encoded(bare, "JPEG"))
    reply = await person.answer()
    assert "I see no mole or spot" in words(reply)
    assert "Most like" not in words(reply)


async def test_a_photo_of_anything_else_gets_no_class(person: Person) -> None:
    grain = np.random.default_rng(1).integers(0, 90, (450, 600, 1), np.uint8)
    meadow = Image.fromarray((np.array([20, 120, 30], np.uint8) + grain).astype(np.uint8))
    await person.send_photos(encoded(meadow, "JPEG"))
    reply = await person.answer()
    assert "does not look like skin" in words(reply) or "I see no mole" in words(reply)
    assert "Most like" not in words(reply)


async def test_a_file_that_telegram_no_longer_has_is_apologised_for(person: Person) -> None:
    await person.faults({"kind": "file_expired", "method": "download", "chat_id": None})
    await person.send_photos(sample("mole"))
    assert "could not get this photo from Telegram" in words(await person.answer())


async def test_a_file_that_telegram_cannot_give_for_a_moment_is_read(person: Person) -> None:
    await person.faults({"kind": "file_expired", "method": "getFile", "chat_id": None})
    await person.send_photos(sample("mole"))
    assert "photo" in await person.answer()
