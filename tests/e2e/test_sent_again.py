"""A photo that was sent before is recognised by the real bot, in both languages, as a messenger saves it anew."""

import io

from PIL import Image

from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person


def saved_anew(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        picture.thumbnail((480, 480))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
        return buffer.getvalue()


async def test_the_same_photo_sent_again_says_so(person: Person, ivan: Person) -> None:
    for who, told in ((person, "You have sent this very photo before"), (ivan, "Именно это фото вы уже присылали")):
        await who.send_photos(sample("mole"))
        assert told not in words(await who.answered())
        await who.send_photos(sample("uneven"))
        assert told not in words(await who.answered())
        await who.send_photos(saved_anew(sample("mole")))
        assert told in words(await who.answered())
