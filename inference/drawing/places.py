"""The numbered places of the drawn body: where they are in the picture, and what they are called."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from inference.drawing.words import translator

Badges = Mapping[int, tuple[int, int]]
"""Number -> where it stands, x and y in pixels of the picture."""

WIDTH: Final = 780
HEIGHT: Final = 1040
# The middles of the two figures, and of what is drawn larger below them.
FRONT: Final = 205
BEHIND: Final = 575
HEAD: Final = (140, 905)
HAND: Final = (390, 920)
FOOT: Final = (640, 920)

# The right arm of a person who faces us is on our left.
MOLE_BADGES: Final[Badges] = MappingProxyType(
    {
        1: (HEAD[0] - 48, HEAD[1] + 30),
        2: (FRONT, 180),
        3: (FRONT, 255),
        4: (FRONT, 355),
        5: (FRONT - 95, 290),
        6: (FRONT + 95, 290),
        7: (FRONT - 38, 560),
        8: (FRONT + 38, 560),
        9: (BEHIND, 105),
        10: (BEHIND, 245),
        11: (BEHIND, 345),
        12: (BEHIND, 425),
        13: (BEHIND + 133, 440),
        14: (BEHIND - 133, 440),
        15: (BEHIND + 42, 735),
        16: (BEHIND - 42, 735),
        17: (HEAD[0], HEAD[1] - 88),
        18: (HEAD[0], HEAD[1] - 2),
        19: (HEAD[0] + 92, HEAD[1] + 2),
        20: (HEAD[0], HEAD[1] + 56),
        21: (HAND[0], HAND[1] + 44),
        22: (FOOT[0] - 4, FOOT[1] + 20),
    }
)
# As `bot.questions.questions` numbers the regions.
REGION_BADGES: Final[Badges] = MappingProxyType(
    {
        1: MOLE_BADGES[17],
        2: MOLE_BADGES[1],
        3: MOLE_BADGES[18],
        4: MOLE_BADGES[19],
        5: MOLE_BADGES[20],
        6: (FRONT, 180),
        7: (FRONT, 255),
        8: (FRONT, 355),
        9: (BEHIND, 295),
        10: (FRONT - 90, 275),
        11: (FRONT - 119, 378),
        12: MOLE_BADGES[21],
        13: (FRONT - 38, 540),
        14: MOLE_BADGES[22],
    }
)
_LANGUAGES: Final = ("en", "ru")


def sides(language: str = "en") -> tuple[str, str]:
    """What stands above the two figures."""
    _ = translator(language)
    return _("Front"), _("Back")


def place_names(language: str = "en") -> dict[int, str]:
    """The places of `MOLE_BADGES`."""
    _ = translator(language)
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


def place_of(name: str) -> int | None:
    """The place that a mole's name begins with, in any language; None if it names no place."""
    named = name.casefold()
    known = {text: number for language in _LANGUAGES for number, text in place_names(language).items()}
    fitting = [text for text in known if named.startswith(text) and not named[len(text) : len(text) + 1].isalpha()]
    return known[max(fitting, key=len)] if fitting else None
