"""Texts about the bot's state for administrators, as HTML."""

from collections.abc import Callable, Collection

from aiogram.utils.i18n import gettext as _

from bot.operator.health import DISK_LIMIT_BYTES, FAILED_LIMIT, SLOW_LIMIT_S, Fault, Health
from bot.ui.drift import summary
from bot.ui.names import percent
from inference.drift import PSI_LIMIT


def report(health: Health) -> str:
    """The state in a few lines; figures out of their range are marked."""
    lines = [
        "<b>" + (_("⚠️ Something needs you") if health.faults else _("✅ Everything is in its range")) + "</b>",
        _("Photos in the last hour: {number}; not answered yet: {waiting}").format(
            number=health.requests, waiting=health.unfinished
        ),
        *(_marked(fault, health) for fault in Fault),
    ]
    return "\n".join(lines)


def alert(health: Health, began: Collection[Fault], gone: Collection[Fault]) -> Callable[[], str]:
    """A function for the text of an alert, which uses the language that is current when it is called."""

    def text() -> str:
        lines = [f"⚠️ {_line(fault, health)}" for fault in Fault if fault in began]
        back = _("✅ Back in its range: {what}")
        lines += [back.format(what=_line(fault, health)) for fault in Fault if fault in gone]
        return "\n".join([*lines, _("/health shows all of it.")])

    return text


def _marked(fault: Fault, health: Health) -> str:
    return f"{'⚠️' if fault in health.faults else '·'} {_line(fault, health)}"


def _line(fault: Fault, health: Health) -> str:
    unknown = _("too few to tell")
    if fault is Fault.ERRORS:
        found = unknown if health.failed is None else percent(health.failed)
        return _("Photos that failed in the last hour: {found} (limit {limit})").format(
            found=found, limit=percent(FAILED_LIMIT)
        )
    if fault is Fault.LATENCY:
        found = unknown if health.slowest is None else _("{seconds:.0f} s").format(seconds=health.slowest)
        return _("19 of 20 answers within: {found} (limit {limit:.0f} s)").format(found=found, limit=SLOW_LIMIT_S)
    if fault is Fault.DRIFT:
        found = unknown if health.drift is None else f"{health.drift:.2f}"
        return _("Drift of the answers, stability index: {found} (limit {limit})").format(found=found, limit=PSI_LIMIT)
    if fault is Fault.UNLIKE_VALIDATION:
        return summary(health.validation)
    return _("Free on the disk: {found:.1f} GB (at least {limit:.0f} GB)").format(
        found=health.free_bytes / 1e9, limit=DISK_LIMIT_BYTES / 1e9
    )
