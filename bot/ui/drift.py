"""Texts about drift for administrators."""

from collections.abc import Sequence

from aiogram.utils.i18n import gettext as _

from bot.operator.drift import Drift
from inference.domains import Domain
from inference.drift import LABEL, PSI_LIMIT


def summary(departures: Sequence[Drift]) -> str:
    """One line: for each kind of photo, the features beyond the limit, or the largest index."""
    title = _("Against validation")
    if not departures:
        return f"{title}: " + _("the release has no report to compare with")
    return f"{title}: " + "; ".join(f"{domain_name(each.domain)} {_state(each)}" for each in departures)


def _state(drift: Drift) -> str:
    if not drift.indices:
        return _("too few to tell")
    if drift.departed:
        return "⚠️ " + ", ".join(f"{feature_name(name)} {drift.indices[name]:.2f}" for name in drift.departed)
    return _("at most {index:.2f} (limit {limit})").format(index=max(drift.indices.values()), limit=PSI_LIMIT)


def domain_name(domain: Domain) -> str:
    return {"phone": _("by phone"), "dermatoscope": _("by dermatoscope")}[domain]


def feature_name(name: str) -> str:
    """The name of a feature of `inference.drift`."""
    return {
        LABEL: _("classes"),
        "sharpness": _("sharpness"),
        "brightness": _("brightness"),
        "contrast": _("contrast"),
        "area": _("size of the spot"),
    }[name]
