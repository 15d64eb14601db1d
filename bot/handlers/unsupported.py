"""Messages other than photos and text. They get a friendly answer too."""

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

MOVING = {ContentType.VIDEO, ContentType.VIDEO_NOTE, ContentType.ANIMATION, ContentType.LIVE_PHOTO}
SOUND = {ContentType.VOICE, ContentType.AUDIO}
OTHER = {
    ContentType.CONTACT,
    ContentType.DICE,
    ContentType.GAME,
    ContentType.INVOICE,
    ContentType.LOCATION,
    ContentType.PAID_MEDIA,
    ContentType.POLL,
    ContentType.STORY,
    ContentType.VENUE,
    ContentType.CHECKLIST,
}


def setup() -> Router:
    router = Router(name="unsupported")
    router.message.register(moving, F.content_type.in_(MOVING))
    router.message.register(sound, F.content_type.in_(SOUND))
    router.message.register(sticker, F.content_type == ContentType.STICKER)
    router.message.register(other, F.content_type.in_(OTHER))
    return router


async def moving(message: Message) -> None:
    await message.reply(
        _("I cannot read videos or moving pictures. Please send a still photo of the spot: /help tells how.")
    )


async def sound(message: Message) -> None:
    await message.reply(
        _(
            "I cannot listen to recordings. Please send a photo of the spot. If it bleeds, itches, hurts, grows or "
            "changes, write just that: I understand these words."
        )
    )


async def sticker(message: Message) -> None:
    await message.reply(_("A nice sticker! But I read only photos of the skin: /help tells how."))


async def other(message: Message) -> None:
    await message.reply(_("I read only photos of the skin. Please send one: /help tells how."))
