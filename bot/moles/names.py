"""Names of moles: a cleaned text of limited length, or a place on the body."""

from aiogram.utils.i18n import gettext as _

MAX_NAME = 40


def cleaned(text: str) -> str | None:
    """A name in one line without invisible characters; None if it is empty or too long."""
    name = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return name if 0 < len(name) <= MAX_NAME else None


def zone_names() -> dict[int, str]:
    """The numbered places of the drawn body, in the current language."""
    return {
        1: _("face"),
        2: _("neck"),
        3: _("chest"),
        4: _("belly"),
        5: _("right arm"),
        6: _("left arm"),
        7: _("right leg"),
        8: _("left leg"),
        9: _("back of the head"),
        10: _("upper back"),
        11: _("lower back"),
        12: _("buttocks"),
        13: _("right hand"),
        14: _("left hand"),
        15: _("right foot"),
        16: _("left foot"),
        17: _("scalp, forehead"),
        18: _("nose"),
        19: _("ear"),
        20: _("lips"),
        21: _("palm"),
        22: _("sole"),
    }
