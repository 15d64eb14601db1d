"""Texts about retraining for administrators, as HTML."""

from collections.abc import Mapping
from html import escape
from math import ceil
from typing import Any

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.ui import texts
from bot.ui.buttons import danger, keyboard
from bot.ui.callbacks import RetrainStep
from storage.retrainings import Retraining


def question() -> tuple[str, InlineKeyboardMarkup]:
    """The question before one is started."""
    text = _(
        "<b>Retraining</b> makes the next version of the model that serves, from the data sets and the photos that "
        "people gave for training. It takes hours beside the bot, at low priority. The new version is not published by "
        "itself."
    )
    return text, keyboard([(_("Start"), RetrainStep(step="start").pack())])


def starting() -> str:
    return _("🛠 Retraining begins …")


def cannot_train() -> str:
    return _("This machine cannot train: set RETRAIN_COMMAND where torch is installed, or retrain on another machine.")


def going_on(retraining: Retraining) -> str:
    """One is running; its progress is in another message."""
    return _("A retraining is going on since {time}, on {machine}. There is one at a time.").format(
        time=texts.moment(retraining.started_at), machine=escape(retraining.machine.partition(" ")[0])
    )


def surely() -> tuple[str, InlineKeyboardMarkup]:
    """The question before a retraining is stopped."""
    text = _("Stop the retraining? What is learnt up to the last epoch is kept, and /retrain goes on from there.")
    return text, keyboard([danger(_("Yes, stop it"), RetrainStep(step="stop").pack())])


def progress(found: Mapping[str, Any]) -> tuple[str, InlineKeyboardMarkup]:
    """The progress."""
    states = {
        "training": _("training {network}, {number} of {of}: epoch {epoch} of {epochs}, step {step} of {steps}"),
        "releasing": _("fitting the warnings"),
        "checking": _("comparing it with the model that serves"),
    }
    state = states.get(found.get("state", ""), _("reading the data"))
    lines = [
        _("🛠 Retraining, version {version}").format(version=escape(found.get("version") or "…")),
        state.format(**{name: escape(str(value)) for name, value in found.items()}),
    ]
    if (seconds := found.get("seconds_left")) is not None:
        lines.append(_("Minutes left, about: {minutes}").format(minutes=ceil(seconds / 60)))
    return "\n".join(lines), keyboard([(_("Cancel"), RetrainStep(step="ask").pack())])


def ended(found: Mapping[str, Any], publishing: str) -> tuple[str, str]:
    """How it ended, in a few words and in full; `publishing` is the command for the next step."""
    version = escape(found.get("version") or "")
    if found["state"] == "cancelled":
        short = _("🛠 The retraining was stopped. /retrain goes on from the last epoch.")
        return short, short
    if found["state"] != "finished":
        short = _("❌ The retraining ended without a new version.")
        reason = escape(str(found.get("error") or _("it was killed; /retrain goes on from the last epoch")))
        return short, f"{short}\n{reason}"
    short = _("✅ Version {version} is made. It is not published yet.").format(version=version)
    lines = [f"<b>{short}</b>", _("Before → now:")]
    names = {
        "balanced_accuracy": _("balanced accuracy"),
        "melanoma_warned": _("melanomas that raise the warning"),
        "warning_specificity": _("warning, specificity"),
    }
    kinds: dict[str, list[str]] = {}
    for each in found.get("figures", ()):
        if each["figure"] in names:
            mark = "⚠️ " if each["is_worse"] else ""
            line = f"{mark}{names[each['figure']]}: {each['present']:.2f} → {each['new']:.2f}"
            kinds.setdefault(each["kind"], []).append(line)
    # The names of sets are the same in every language.
    own = {"Training pool of the bot": _("Training pool of the bot")}
    for kind, figures in kinds.items():
        lines += [f"<i>{escape(own.get(kind, kind))}</i>", *figures]
    if any(each["is_worse"] for each in found.get("figures", ())):
        lines.append(_("⚠️ is worse beyond noise."))
    lines += [_("Publish it on the machine of the bot:"), f"<code>{escape(publishing)}</code>"]
    return short, "\n".join(lines)
