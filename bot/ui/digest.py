"""Texts of the digest for administrators, as HTML."""

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.operator.summary import Digest, Summary
from bot.operator.verdicts import ENOUGH
from bot.ui.buttons import keyboard
from bot.ui.callbacks import SetDigest
from bot.ui.drift import summary
from bot.ui.names import percent
from inference.analysis import Risk
from storage.digests import Every


def panel(every: Every | None) -> tuple[str, InlineKeyboardMarkup]:
    """How often the reader gets a digest, and buttons to change it."""
    choices = {None: _("No digest"), Every.DAY: _("Every day"), Every.WEEK: _("Every Monday")}
    text = _("<b>Digest</b>: the figures of the last day or week beside those before, at 9:00 by your clock.")
    buttons = [
        [(("✓ " if each is every else "") + name, SetDigest(every=each or "never").pack())]
        for each, name in choices.items()
    ]
    return text, keyboard(*buttons)


def digest(found: Digest) -> str:
    """The digest, with the period before in brackets."""
    now, before = found.now, found.before
    title = _("The last day") if found.every is Every.DAY else _("The last 7 days")
    lines = [
        f"📊 <b>{title}</b> " + _("(in brackets those before)"),
        _("Photos: {now} ({before})").format(now=now.photos, before=before.photos),
        _("People: {now} ({before})").format(now=now.people, before=before.people),
        _("Refused: {now} ({before})").format(now=_share(now.refused, now), before=_share(before.refused, before)),
        _("Errors: {now} ({before})").format(now=_share(now.failed, now), before=_share(before.failed, before)),
        _("No warning, warning, urgent: {now} ({before})").format(now=_risks(now), before=_risks(before)),
        _("Seconds to the answer, median and 95 %: {now} ({before})").format(now=_waits(now), before=_waits(before)),
        _doctors(found),
        summary(found.drift),
        _("Free on the disk: {size:.1f} GB").format(size=found.free_bytes / 1e9),
    ]
    return "\n".join([*lines, _("/stats has the pictures, /digest changes how often this comes.")])


def _share(count: int, of: Summary) -> str:
    return percent(count / of.photos) if of.photos else "–"


def _risks(of: Summary) -> str:
    total = of.risks.total()
    return ", ".join(percent(of.risks[risk] / total) for risk in Risk) if total else "–"


def _waits(of: Summary) -> str:
    return "–" if of.median is None or of.p95 is None else f"{of.median:.1f}, {of.p95:.1f}"


def _doctors(found: Digest) -> str:
    doctors = found.doctors
    if doctors.total < ENOUGH:
        return _("Doctors' words: too few to tell")
    alike = doctors.warned_suspicious + doctors.others - doctors.others_suspicious
    return _("Doctors agreed with {alike} of {total} answers, of all time").format(alike=alike, total=doctors.total)
