"""The bot's texts that are not about one photo."""

from datetime import datetime
from html import escape

from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.dates import format_date, format_datetime

from bot.ui.clock import entity, moment_shown
from storage.records import User


def welcome() -> str:
    """What the bot is."""
    return _(
        "<b>Hello! Send me a close-up photo of a mole or another spot on the skin.</b>\n"
        "I outline the spot, tell which of eight kinds it resembles most and how sure I am, and say whether "
        "a doctor should see it soon."
    )


def description() -> str:
    """The description before the first message; at most 512 characters of plain text."""
    return _(
        "Send a close-up photo of a mole or another spot on the skin: I outline it, tell which of eight kinds "
        "it resembles most, and say whether a doctor should see it soon.\n\n"
        "I am a computer program, neither a doctor nor a medical device. Nothing I say is a diagnosis."
    )


def short_description() -> str:
    """The text in the bot's profile; at most 120 characters of plain text."""
    return _("Tells whether a doctor should look at a mole or spot soon. Not a diagnosis.")


def terms(operator: str | None) -> str:
    """The terms: what the bot is not, its limits, who runs it and what is kept."""
    return "\n\n".join(
        [
            what_i_am_not(),
            limits(),
            _("<b>Who runs me.</b> {operator}").format(operator=_operator(operator)),
            _(
                "<b>What is kept.</b> Your photo is read in memory and not stored. Your Telegram id, "
                "Telegram's references to the photos, and the results (encrypted) are kept so that you can "
                "see them again. Photos are not used for training unless you agree to that by itself. /privacy tells "
                "more, /delete erases everything."
            ),
        ]
    )


def what_i_am_not() -> str:
    """The disclaimer."""
    return _(
        "<b>What I am not.</b> I am a computer program, neither a doctor nor a medical device. I do "
        "not diagnose, I make mistakes, and I can miss a cancer. If a spot changes, bleeds, itches, "
        "grows or worries you, see a doctor whatever I say."
    )


def limits() -> str:
    """What is outside the models' training data."""
    return _(
        "<b>My limits.</b> I learnt from photos by phone and camera and from pictures taken through a "
        "dermatoscope, nearly all of light skin. "
        "Children, nails, lips and other mucosa, and dark skin are outside what I learnt. I know eight kinds "
        "of spots and nothing else."
    )


def ready() -> str:
    """An invitation to send a photo."""
    return _("Now send me a photo of one spot.") + "\n\n" + tips()


def tips() -> str:
    """How to take a good photo."""
    return _(
        "<b>A good photo</b>\n"
        "• one spot, in the middle, filling about a third of the picture\n"
        "• from 10 to 15 cm, straight from above; tap the spot on the screen to focus\n"
        "• daylight or a bright lamp, no shadow, no flash glare\n"
        "• no hair, cream, plaster or make-up over it\n"
        "You can send several photos at once, or an image file of up to 20 MB."
    )


def help_text() -> str:
    """How to use the bot and how to read an answer."""
    return "\n\n".join(
        [
            tips(),
            _(
                "<b>What the answer means</b>\n"
                "🔴 show this spot to a dermatologist within days\n"
                "🟠 have a dermatologist look at it within two weeks\n"
                "🔵 watch it: no warning signs found by the model; see a doctor if it changes, bleeds, itches "
                "or grows\n"
                "The warning goes by how likely a cancer or pre-cancer is at all, even if something else is "
                "likelier, and by what you say of it: bleeding, growth or change alone is a warning. It is often "
                "a false alarm, and it can miss."
            ),
            limits(),
            _(
                "<b>Commands</b>\n"
                "/howto – good and bad photos, in pictures\n"
                "/history – your past results\n"
                "/moles – moles that you follow\n"
                "/shared – who can read what you share\n"
                "/language – Русский, English\n"
                "/privacy – what is kept about you\n"
                "/export – all of it as files\n"
                "/delete – erase all of it"
            ),
            _("<i>Nothing I say is a diagnosis. If in doubt, see a doctor.</i>"),
        ]
    )


def privacy(operator: str | None, user: User, retention_days: int | None) -> str:
    """What is kept about a person, why, for how long, and what they can do about it."""
    kept = (
        _("Results are kept until you erase them.")
        if retention_days is None
        else _("Requests and results are erased after this many days: {days}.").format(days=retention_days)
    )
    agreed = (
        _("You have not agreed to the terms yet.")
        if user.consented_at is None
        else _("You agreed to the terms on {date}.").format(date=moment_shown(user.consented_at, user))
    )
    return "\n\n".join(
        [
            _("<b>Who is responsible.</b> {operator}").format(operator=_operator(operator)),
            _(
                "<b>What is kept.</b> Your Telegram id, language, when you agreed, whether you want "
                "announcements; for every photo the time, Telegram's references to the photo and to my "
                "answer, and the result: class, percentages, reason of a refusal, model versions, timings, and a "
                "fingerprint that tells whether the same photo came again. Results are encrypted, the key lies "
                "apart from the database."
            ),
            _(
                "<b>Moles that you follow.</b> Their names, your reminders, your clock, if you told it; of each "
                "photo its outline and measures; what a doctor said, if you told it. Names, measures and what was said "
                "are encrypted. They go with their photos' results."
            ),
            _(
                "<b>What you share.</b> Whom you gave access to which result or mole, both Telegram names, when, and "
                "the notes that they left. Names and notes are encrypted, of a link only a fingerprint is kept. A "
                "share ends at its date, by /shared, and with the result."
            ),
            _(
                "<b>What is not kept.</b> The photo itself: it is read in memory and forgotten, unless you let me keep "
                "photos of moles, or photos for training. Its place and time (EXIF) are never kept. Nothing is used "
                "for training unless you agree to that, and nothing goes to anybody but Telegram, through which you "
                "write to me, and whom you share it with."
            ),
            kept + " " + agreed,
            _(
                "<b>Your rights.</b> /export gives you all of this as files. /delete erases all of it at "
                "once. What you agree to is behind the button: each by itself, and each can be taken back."
            ),
            announcements_state(user.announcements),
        ]
    )


def announcements_state(wanted: bool) -> str:
    """Whether announcements are on."""
    if wanted:
        return _("<b>Announcements</b> about new models are on.")
    return _("<b>Announcements</b> about new models are off.")


def moment(when: datetime) -> str:
    """A time (UTC) as people of the current language write it."""
    return f"{format_datetime(when, 'd MMMM y, HH:mm', locale=get_i18n().current_locale)} UTC"


def day(when: datetime) -> str:
    """A date as people of the current language write it."""
    return str(format_date(when, "d MMMM y", locale=get_i18n().current_locale))


def day_shown(when: datetime) -> str:
    """`day` as HTML: in the reader's own time zone, if their client supports dates."""
    return entity(when, "D", day(when))


def _operator(operator: str | None) -> str:
    return escape(operator) if operator else _("The owner of this bot's account, who has given no name here.")
