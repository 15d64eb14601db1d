"""The page's texts that are not in the template: questions, places on the body, and errors."""

from inference.pipeline.answers import REGIONS
from web.i18n import translator


def questions(language: str) -> dict[str, str]:
    """The questions by name."""
    _ = translator(language)
    return {
        "itch": _("Does it itch?"),
        "grew": _("Has it grown lately?"),
        "hurt": _("Does it hurt?"),
        "changed": _("Has it changed its colour or shape?"),
        "bleed": _("Has it bled?"),
        "elevation": _("Is it raised above the skin?"),
    }


def regions(language: str) -> dict[str, str]:
    """Places on the body by name."""
    _ = translator(language)
    words = {
        "ABDOMEN": _("belly"),
        "ARM": _("upper arm"),
        "BACK": _("back"),
        "CHEST": _("chest"),
        "EAR": _("ear"),
        "FACE": _("face"),
        "FOOT": _("foot"),
        "FOREARM": _("forearm"),
        "HAND": _("hand"),
        "LIP": _("lip"),
        "NECK": _("neck"),
        "NOSE": _("nose"),
        "SCALP": _("scalp"),
        "THIGH": _("thigh"),
    }
    return {name: words[name] for name in REGIONS}


def error_in_words(code: str, language: str) -> str:
    """What went wrong and what to do, by the code of a `Problem`."""
    _ = translator(language)
    known = {
        "no_photo": _("Please choose a photo."),
        "no_consent": _("Please tick both boxes: without your agreement the photo is not analysed."),
        "bad_answers": _("Please give the age in years, from 0 to 130."),
        "too_large": _("The photo is over 20 MB. Please make it smaller first."),
        "too_slow": _("The photo took too long to arrive. Please try a smaller one."),
        "too_often": _("That is more photos than I can take at once. Please wait a minute."),
        "too_many": _("That is more photos than I can take at once. Please wait a minute."),
        "busy": _("Too many people are sending photos right now. Sorry! Please try again in a few minutes."),
        "empty": _("The file is empty. Please choose the photo again."),
        "not_an_image": _("I cannot read this file. Please choose a JPEG, PNG, WebP or HEIC."),
        "truncated": _("The picture is damaged. Please choose the original photo."),
        "too_many_pixels": _("The picture has too many pixels. Please make it smaller first."),
        "too_costly": _("The file takes too long to open. Please save it as an ordinary JPEG first."),
        "animated": _("The picture moves. Please choose a still photo."),
    }
    return known.get(code, _("Something broke on my side. Sorry! Please try again, or try another photo."))
