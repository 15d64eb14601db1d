"""The pictures with their words in the current language. They are drawn in threads and cached for a while."""

import asyncio

from aiogram.utils.i18n import gettext as _

from bot.guidance.examples import Example
from bot.guidance.pictures import Captions, holding, sheet
from inference.analysis import Analysis, Refusal

OF_REFUSALS = {
    Refusal.NO_LESION: Example.EMPTY,
    Refusal.NOT_SKIN: Example.NOT_SKIN,
    Refusal.BLURRED: Example.BLURRED,
    Refusal.TOO_DARK: Example.DARK,
    Refusal.GLARE: Example.GLARE,
    Refusal.TOO_SMALL: Example.SMALL,
}
"""Reason of a refusal -> an example of such a photo."""

SHOWN = (Example.GOOD, Example.FAR, Example.BLURRED, Example.DARK, Example.GLARE, Example.COVERED)


# 95 % of the carefully taken photos are sharper, and all are brighter: see the tables in `inference.pipeline.quality`.
WORN_SHARPNESS, WORN_BRIGHTNESS = 0.34, 0.3


def is_worn(analysis: Analysis) -> bool:
    """Whether a photo was good enough for an answer, but rather unsharp or dark."""
    quality = analysis.quality
    unsharp = quality.sharpness < WORN_SHARPNESS
    return analysis.refusal is None and (unsharp or quality.brightness < WORN_BRIGHTNESS)


async def howto_picture() -> bytes:
    """Good and bad photos, a JPEG."""
    return await asyncio.to_thread(sheet, _captions(*SHOWN))


async def refusal_picture(refusal: Refusal) -> bytes:
    """A photo like the refused one beside a good one, a JPEG."""
    return await asyncio.to_thread(sheet, _captions(OF_REFUSALS[refusal], Example.GOOD))


async def holding_picture() -> bytes:
    """How to hold the phone, a JPEG."""
    return await asyncio.to_thread(
        holding, _("10–15 cm"), _("daylight or a lamp, no flash"), _("tap the spot on the screen, keep still")
    )


def _captions(*examples: Example) -> Captions:
    words = {
        Example.GOOD: _("good: sharp, bright, one spot in the middle"),
        Example.FAR: _("too far: the spot is too small"),
        Example.BLURRED: _("blurred: tap to focus, keep still"),
        Example.DARK: _("too dark: go to a window"),
        Example.GLARE: _("glare: switch the flash off"),
        Example.COVERED: _("covered: move the hair aside"),
        Example.EMPTY: _("no spot to be seen"),
        Example.NOT_SKIN: _("not skin"),
        Example.SMALL: _("a thumbnail: send the original photo"),
    }
    return tuple((each, words[each]) for each in examples)
