"""Texts that say why a photo was not analysed and what to do."""

from aiogram.utils.i18n import gettext as _

from bot.results import Reason, Trouble
from bot.ui.names import current_language, time_from_now
from inference.analysis import Refusal
from inference.drawing import verdict
from inference.photo import PhotoFault


def apology(reason: Reason, *, number: int | None = None, retry_after: float = 0.0) -> str:
    """Why a photo was not analysed and what to do, as HTML; `retry_after` is in seconds.

    `number` is that of the photo in its album.
    """
    title, help_ = _reasons(retry_after)[reason]
    lines = [f"<b>{numbered(title, number)}</b>", help_]
    if isinstance(reason, Refusal):
        # A person whose photo is refused may have a cancer.
        lines.append(_("Worried about the spot? Show it to a doctor, with or without a photo."))
    return "\n".join(lines)


def title(reason: Reason) -> str:
    """A reason in a few words of plain text."""
    return _reasons()[reason][0]


def short(reason: Reason) -> str:
    """A reason in one or two words, for the operator's pictures."""
    return {
        Refusal.NO_LESION: _("no spot"),
        Refusal.NOT_SKIN: _("not skin"),
        Refusal.BLURRED: _("blurred"),
        Refusal.TOO_DARK: _("too dark"),
        Refusal.GLARE: _("glare"),
        Refusal.TOO_SMALL: _("too small"),
        PhotoFault.EMPTY: _("empty file"),
        PhotoFault.NOT_AN_IMAGE: _("no picture"),
        PhotoFault.TRUNCATED: _("damaged"),
        PhotoFault.TOO_MANY_PIXELS: _("too many pixels"),
        PhotoFault.TOO_COSTLY: _("slow to open"),
        PhotoFault.ANIMATED: _("moving picture"),
        Trouble.NO_CONSENT: _("no agreement"),
        Trouble.TOO_LARGE: _("over 20 MB"),
        Trouble.TOO_MANY: _("too many at once"),
        Trouble.EXPIRED: _("gone from Telegram"),
        Trouble.UNAVAILABLE: _("not delivered"),
        Trouble.TOO_SLOW: _("slow to arrive"),
        Trouble.NOT_SET_UP: _("not set up"),
        Trouble.BUSY: _("overloaded"),
        Trouble.FAILED: _("could not be read"),
    }[reason]


def numbered(words: str, number: int | None) -> str:
    """A text about one photo of an album."""
    return words if number is None else _("Photo {number}: {title}").format(number=number, title=words)


def _reasons(retry_after: float = 0.0) -> dict[Reason, tuple[str, str]]:
    return {
        **{each: verdict.refusal_in_words(each, current_language()) for each in Refusal},
        PhotoFault.EMPTY: (
            _("This file is empty"),
            _("Something went wrong on the way. Please send the photo again."),
        ),
        PhotoFault.NOT_AN_IMAGE: (
            _("This file is not a picture I can read"),
            _("I read JPEG, PNG, WebP and HEIC. Please send a photo in one of these formats."),
        ),
        PhotoFault.TRUNCATED: (
            _("This picture is damaged"),
            _("Part of the file is missing. Please send the original photo again."),
        ),
        PhotoFault.TOO_MANY_PIXELS: (
            _("This picture has too many pixels"),
            _("Please send it as a photo rather than as a file, or make it smaller first."),
        ),
        PhotoFault.TOO_COSTLY: (
            _("This file takes too long to open"),
            _("Please send it as a photo rather than as a file, or save it as an ordinary JPEG first."),
        ),
        PhotoFault.ANIMATED: (
            _("This picture moves"),
            _("I read still photos only. Please send a single photo of the spot."),
        ),
        Trouble.NO_CONSENT: (
            _("I have not looked at this photo yet"),
            _("First I need your agreement: please read this and press the button. Then I offer to read this photo."),
        ),
        Trouble.TOO_LARGE: (
            _("This file is over 20 MB"),
            _("Telegram does not let me download it. Please send it as a photo, or make it smaller first."),
        ),
        Trouble.TOO_MANY: (
            _("That is more photos than I can take at once"),
            _("Please wait until I have answered the others, then send this one again."),
        ),
        Trouble.EXPIRED: (
            _("I could not get this photo from Telegram"),
            _("The file is no longer available. Sorry! Please send the photo again."),
        ),
        Trouble.UNAVAILABLE: (
            _("Telegram does not give me this photo right now"),
            _("I have tried several times. Sorry! Please send the photo again in a few minutes."),
        ),
        Trouble.TOO_SLOW: (
            _("This photo takes too long to arrive"),
            _("I waited for a minute. Sorry! Please send it again, as a photo rather than as a file."),
        ),
        Trouble.NOT_SET_UP: (
            _("I cannot get photos at the moment"),
            _("The operator has to change a setting first. Sorry! Please try again later."),
        ),
        Trouble.BUSY: (
            _("Too many people are sending photos right now"),
            _("Sorry! Please send this photo again {soon}.").format(soon=time_from_now(max(retry_after, 60))),
        ),
        Trouble.FAILED: (
            _("I could not read this photo"),
            _("Something broke on my side. Sorry! Please send it again, or try another photo."),
        ),
    }
