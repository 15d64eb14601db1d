"""The announcement of a new model, drafted from its report and the earlier model's."""

from collections.abc import Mapping

from aiogram.utils.i18n import gettext as _

Warned = Mapping[str, tuple[float, float]]
"""Shares of the melanomas and of the benign lesions that a model warns of, by set and kind of picture."""


def news(version: str, before: Warned, now: Warned) -> str:
    """The announcement, as plain text in the current language."""
    lines = [_("🆕 A new version of my model reads your photos: {version}.").format(version=version)]
    for kind in (each for each in now if each in before):
        (old, old_benign), (new, new_benign) = before[kind], now[kind]
        lines.append(
            _(
                "{kind}: of 100 melanomas it warns of {new}, before of {old}; "
                "of 100 benign spots it warns of {new_benign}, before of {old_benign}."
            ).format(
                kind=kind.partition(", ")[0] + _kind(kind),
                new=round(100 * new),
                old=round(100 * old),
                new_benign=round(100 * new_benign),
                old_benign=round(100 * old_benign),
            )
        )
    lines.append(
        _(
            "Your earlier results stay as they were; /history offers to read them again. "
            "It can still miss. It is not a diagnosis, and a doctor who looks at you sees more."
        )
    )
    return "\n\n".join(lines)


def _kind(name: str) -> str:
    return _(" (dermatoscope)") if name.endswith("dermatoscope") else _(" (photos)")
