"""Good and bad example photos, drawn by code: no photographs, and no disease."""

import io
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from bot.samples import SIZE, sample


class Example(StrEnum):
    """A good photo, and kinds of bad ones."""

    GOOD = "good"
    FAR = "far"
    BLURRED = "blurred"
    DARK = "dark"
    GLARE = "glare"
    COVERED = "covered"
    EMPTY = "empty"
    NOT_SKIN = "not_skin"
    SMALL = "small"


@cache
def example(which: Example) -> Image.Image:
    """The example, 600 x 450 pixels in RGB. Do not change it: draw on a copy."""
    return _DRAWN[which]().convert("RGB")


def _sample(name: str) -> Image.Image:
    return Image.open(io.BytesIO(sample(name))).convert("RGB")


def _far() -> Image.Image:
    """A mole from a metre away: small, and not in the middle."""
    skin, width, height = _sample("skin"), *SIZE
    mole = _sample("mole").crop((width // 2 - 150, height // 2 - 150, width // 2 + 150, height // 2 + 150))
    mask = Image.new("L", mole.size)
    ImageDraw.Draw(mask).ellipse((40, 40, 260, 260), fill=255)
    small = mole.resize((44, 44), Image.Resampling.LANCZOS)
    skin.paste(small, (390, 130), mask.filter(ImageFilter.GaussianBlur(16)).resize(small.size))
    return skin


def _dark() -> Image.Image:
    return ImageEnhance.Brightness(_sample("mole")).enhance(0.22)


def _glare() -> Image.Image:
    photo = _sample("mole")
    light = Image.new("L", photo.size)
    ImageDraw.Draw(light).ellipse((250, 60, 470, 230), fill=255)
    photo.paste((255, 255, 255), mask=light.filter(ImageFilter.GaussianBlur(22)))
    return photo


def _covered() -> Image.Image:
    """Hair over a mole."""
    photo = _sample("mole")
    pen = ImageDraw.Draw(photo)
    for number in range(16):
        x = 60 + number * 31
        pen.arc((x, 20 - number % 4 * 25, x + 190, 620 - number % 3 * 60), 165, 262, fill=(58, 42, 34), width=5)
    return photo.filter(ImageFilter.GaussianBlur(0.8))


def _not_skin() -> Image.Image:
    """A cup on a table."""
    picture = Image.new("RGB", SIZE, (206, 218, 228))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 300, *SIZE), fill=(164, 128, 92))
    pen.ellipse((375, 180, 475, 300), outline=(84, 128, 170), width=22)
    pen.rounded_rectangle((200, 130, 410, 350), 28, fill=(96, 142, 186))
    pen.ellipse((200, 105, 410, 160), fill=(70, 48, 36), outline=(84, 128, 170), width=8)
    return picture


def _small() -> Image.Image:
    """A thumbnail, enlarged so that one sees its pixels."""
    return _sample("mole").resize((40, 30), Image.Resampling.BOX).resize(SIZE, Image.Resampling.NEAREST)


_DRAWN: Final[Mapping[Example, Callable[[], Image.Image]]] = {
    Example.GOOD: lambda: _sample("mole"),
    Example.FAR: _far,
    Example.BLURRED: lambda: _sample("blurred"),
    Example.DARK: _dark,
    Example.GLARE: _glare,
    Example.COVERED: _covered,
    Example.EMPTY: lambda: _sample("skin"),
    Example.NOT_SKIN: _not_skin,
    Example.SMALL: _small,
}
