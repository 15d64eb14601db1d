"""The questions and their buttons, with the answers in the words of `inference.pipeline.answers`."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiogram.utils.i18n import gettext as _

from inference.drawing.places import REGION_BADGES

Answers = Mapping[str, str]
"""Question of the joint model -> answer in its words. Missing questions are unknown."""


@dataclass(frozen=True)
class Choice:
    """One button: its text and its answers."""

    text: str
    answers: Answers


@dataclass(frozen=True)
class Question:
    """A question and its buttons, `in_a_row` of them side by side.

    If it is `on_body`, the buttons are numbered places of the drawn body. Choices without a place come last.
    """

    text: str
    choices: tuple[Choice, ...]
    in_a_row: int = 2
    on_body: bool = False

    def label(self, place: int) -> str:
        """The text of a choice's button. `place` is its position among the choices."""
        text = self.choices[place].text
        return f"{place + 1} · {text}" if self.on_body and place + 1 in REGION_BADGES else text


def questions() -> tuple[Question, ...]:
    """All questions in the current language, in their order."""
    return (
        Question(_("How old are you?"), tuple(Choice(text, {"age": age}) for text, age in _ages()), 3),
        Question(_("Where on the body is the spot?"), _regions(), on_body=True),
        Question(
            _("Has it grown or changed in the last months?"),
            _pair("grew", "changed", _("It has grown"), _("It has changed"), _("Grown and changed"), _("Neither")),
        ),
        Question(_("Does it bleed, even now and then?"), _yes_or_no("bleed")),
        Question(
            _("Does it itch or hurt?"),
            _pair("itch", "hurt", _("It itches"), _("It hurts"), _("Itches and hurts"), _("Neither")),
        ),
        Question(_("Is it raised, so that you can feel it?"), _yes_or_no("elevation")),
    )


def _ages() -> list[tuple[str, str]]:
    return [(_("under 30"), "22"), ("30–44", "37"), ("45–59", "52"), ("60–74", "67"), (_("75 or more"), "80")]


def _regions() -> tuple[Choice, ...]:
    names = {
        "SCALP": _("scalp"), "FACE": _("face"), "NOSE": _("nose"), "EAR": _("ear"), "LIP": _("lip"), "NECK": _("neck"),
        "CHEST": _("chest"), "ABDOMEN": _("belly"), "BACK": _("back"), "ARM": _("upper arm"),
        "FOREARM": _("forearm"), "HAND": _("hand"), "THIGH": _("thigh"), "FOOT": _("foot"), "OTHER": _("elsewhere"),
    }  # fmt: skip
    return tuple(Choice(text, {"region": region}) for region, text in names.items())


def _yes_or_no(question: str) -> tuple[Choice, ...]:
    return Choice(_("Yes"), {question: "True"}), Choice(_("No"), {question: "False"})


def _pair(first: str, second: str, one: str, other: str, both: str, neither: str) -> tuple[Choice, ...]:
    return (
        Choice(one, {first: "True", second: "False"}),
        Choice(other, {first: "False", second: "True"}),
        Choice(both, {first: "True", second: "True"}),
        Choice(neither, {first: "False", second: "False"}),
    )
