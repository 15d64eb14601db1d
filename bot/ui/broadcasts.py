"""Texts about announcements for administrators, as HTML: questions, progress, summaries, the list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from math import ceil

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.ui import texts
from bot.ui.buttons import Button, keyboard
from bot.ui.callbacks import BroadcastStep, ChooseAudience, Step
from storage.records import Audience, Broadcast, BroadcastState, DeliveryCounts

Shown = tuple[str, InlineKeyboardMarkup | None]

EXCERPT = 60


def step(text: str, step: Step, draft: int = 0) -> Button:
    """A button for one step."""
    return text, BroadcastStep(step=step, draft=draft).pack()


def question(broadcast: Broadcast, recipients: Mapping[Audience, int]) -> Shown:
    """The audience of a draft, the number of recipients of each audience, and the question whether to send it."""
    names = audiences()
    choices = [
        (
            ("✓ " if each is broadcast.audience else "") + f"{names[each]}: {number}",
            ChooseAudience(draft=broadcast.id, audience=each).pack(),
        )
        for each, number in recipients.items()
    ]
    text = _("This is how it will look. Recipients: {number}").format(number=recipients[broadcast.audience])
    return text, keyboard(
        [step(_("📣 Send it"), Step.SEND, broadcast.id)],
        choices[:1],
        choices[1:3],
        choices[3:],
        [step(_("🕘 Later"), Step.LATER, broadcast.id), step(_("Cancel"), Step.DROP, broadcast.id)],
    )


def audiences() -> dict[Audience, str]:
    return {
        Audience.ALL: _("Everybody"),
        Audience.ENGLISH: _("English"),
        Audience.RUSSIAN: _("Russian"),
        Audience.ACTIVE: _("Active within 30 days"),
        Audience.STAFF: _("Staff"),
    }


def scheduled(broadcast_id: int, starts_at: datetime, recipients: int) -> Shown:
    text = _("🕘 The announcement goes out on {time}. Recipients as of now: {number}").format(
        time=texts.moment(starts_at), number=recipients
    )
    buttons = [step(_("📣 Send now"), Step.SEND, broadcast_id), step(_("Cancel"), Step.END, broadcast_id)]
    return text, keyboard(buttons)


def progress(broadcast: Broadcast, counts: DeliveryCounts, rate: float | None) -> Shown:
    """The progress; `rate` is in recipients a second, or None if it is unknown."""
    waiting = counts.pending + counts.sending
    done = counts.total - waiting
    cancel = step(_("Cancel"), Step.END, broadcast.id)
    if broadcast.state is BroadcastState.PAUSED:
        text = _("⏸ Paused: {done} of {total}").format(done=done, total=counts.total)
        return text, keyboard([step(_("▶️ Go on"), Step.RESUME, broadcast.id), cancel])
    lines = [_("📣 Sending: {done} of {total}").format(done=done, total=counts.total)]
    if rate is not None:
        lines.append(_("{rate:.1f} a second").format(rate=rate))
    if rate:
        lines.append(_("Minutes left, about: {minutes}").format(minutes=ceil(waiting / rate / 60)))
    return "\n".join(lines), keyboard([step(_("⏸ Pause"), Step.PAUSE, broadcast.id), cancel])


def summary(broadcast: Broadcast, counts: DeliveryCounts) -> str:
    """How it ended. An announcement that was cancelled before its time has no deliveries."""
    cancelled = broadcast.state is BroadcastState.CANCELLED
    if cancelled and counts.total == 0:
        return _("Cancelled. Nothing was sent.")
    title = _("📣 The announcement was cancelled half-way.") if cancelled else _("📣 The announcement is sent.")
    return "\n".join([title, *_counts(counts)])


def past(found: Sequence[tuple[Broadcast, DeliveryCounts]]) -> str:
    """Announcements with their counts, in the given order."""
    if not found:
        return _("There have been no announcements.")
    states = {
        BroadcastState.SCHEDULED: _("scheduled"),
        BroadcastState.RUNNING: _("being sent"),
        BroadcastState.PAUSED: _("paused"),
        BroadcastState.FINISHED: _("sent"),
        BroadcastState.CANCELLED: _("cancelled"),
    }
    names = audiences()
    entries = [
        "\n".join(
            [
                f"<b>{each.id}</b> · {texts.moment(each.starts_at or each.created_at)} · {states[each.state]}",
                f"{names[each.audience]}: {escape(_excerpt(each.text))}",
                *_counts(counts),
            ]
        )
        for each, counts in found
    ]
    return "\n\n".join(["<b>" + _("Announcements, newest first") + "</b>", *entries])


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def _counts(counts: DeliveryCounts) -> list[str]:
    others = [
        (_("Blocked the bot: {number}"), counts.blocked),
        (_("Opted out meanwhile: {number}"), counts.skipped),
        (_("Refused by Telegram: {number}"), counts.failed),
        (_("Uncertain, not repeated: {number}"), counts.sending),
        (_("Not sent: {number}"), counts.pending),
    ]
    received = _("Received: {number} of {total}").format(number=counts.sent, total=counts.total)
    return [received, *(line.format(number=number) for line, number in others if number)]
