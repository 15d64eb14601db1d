"""Names for people: classes, risks, numbers and times."""

import math
from datetime import timedelta

from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.dates import format_timedelta

from inference.analysis import Risk
from inference.drawing import verdict

RISK_ICONS = {Risk.HIGH: "🔴", Risk.RAISED: "🟠", Risk.LOW: "🔵"}


def class_name(label: str) -> str:
    """A class in plain words with its medical term in brackets, in the current language."""
    return verdict.plain_name(label, current_language())


def short_name(label: str) -> str:
    """A class in at most 14 characters, for a table that a phone can show."""
    names = {
        "akiec": _("pre-cancer"),
        "bcc": _("basal cell ca."),
        "bkl": _("age spot, wart"),
        "df": _("firm nodule"),
        "mel": _("melanoma"),
        "nv": _("mole"),
        "scc": _("squamous ca."),
        "vasc": _("blood vessels"),
    }
    return names[label]


def percent(probability: float) -> str:
    """A probability (0..1) in whole per cent, in the current language."""
    return verdict.percent(probability, current_language())


def time_from_now(seconds: float) -> str:
    """An expected time such as "in 2 minutes", rounded up."""
    step = 10 if seconds <= 50 else 60
    rounded = timedelta(seconds=max(1, math.ceil(seconds / step)) * step)
    return format_timedelta(rounded, add_direction=True, locale=get_i18n().current_locale)


def current_language() -> str:
    """The language of the current answer."""
    return get_i18n().current_locale
