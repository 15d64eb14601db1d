"""The screen of a person's consents, and the question before all are withdrawn."""

from collections.abc import Collection

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.ui.buttons import Button, danger, keyboard
from bot.ui.callbacks import Agree, Matter, Show
from bot.ui.clock import moment_shown
from storage.records import Purpose, User

Shown = tuple[str, InlineKeyboardMarkup]


def screen(user: User, agreed: Collection[Purpose], retention_days: int | None) -> Shown:
    """The person's consents, each with a button to switch it."""
    photos, training = Purpose.PHOTOS in agreed, Purpose.TRAINING in agreed
    use = (
        _("You have not agreed to the terms: I read no photos. /start")
        if user.consented_at is None
        else _("You agreed to the terms on {date}.").format(date=moment_shown(user.consented_at, user))
    )
    first = (
        _(
            "While there is a newer photo of a mole, its first one stays too, even after {days} days: "
            "without it nothing could be compared."
        ).format(days=retention_days)
        if retention_days is not None
        else ""
    )
    text = "\n\n".join(
        [
            "<b>" + _("What you agree to") + "</b>",
            _("<b>Use.</b> I read your photos and keep the results.") + " " + use,
            " ".join(
                [
                    _(
                        "<b>Photos of moles.</b> From the next photo on, I keep the photos that you put to a mole, "
                        "encrypted. Then they can be compared even when Telegram has them no more. Switched off, they "
                        "are erased at once."
                    ),
                    first,
                ]
            ).rstrip(),
            _(
                "<b>Training.</b> Only if you switch this on are your photos used to improve the models. From the next "
                "photo on, I then keep each one that gets an answer, encrypted. Whoever runs me, and those whom they "
                "ask to help, see it without your name, say what it shows, and train new models with it. Switched off, "
                "the photos are erased at once and the next model is made without them; what a model has learnt by "
                "then cannot be taken out of it."
            ),
            _("<b>A question after four weeks.</b> After a warning I ask once whether somebody has seen the spot."),
        ]
    )
    buttons = [
        [_toggle(_("Keep photos of moles"), Matter.PHOTOS, photos)],
        [_toggle(_("Training"), Matter.TRAINING, training)],
        [_toggle(_("Question after four weeks"), Matter.FOLLOW_UPS, user.follow_ups)],
    ]
    if user.consented_at is not None:
        buttons.append([(_("Take my agreement back"), Show.ASK_WITHDRAW)])
    return text, keyboard(*buttons)


def question() -> Shown:
    """The question before the agreement to the terms is withdrawn."""
    text = _(
        "<b>Take your agreement back?</b>\n"
        "I then read no photos and remind you of nothing. All photos that I kept are erased. Your results stay until "
        "/delete; /start begins anew."
    )
    yes = danger(_("Yes, take it back"), Agree(matter=Matter.USE, wanted=False).pack())
    return text, keyboard([yes], [(_("No, leave it"), Show.KEEP)])


def _toggle(text: str, matter: Matter, on: bool) -> Button:
    return f"{'✅' if on else '⬜'} {text}", Agree(matter=matter, wanted=not on).pack()
