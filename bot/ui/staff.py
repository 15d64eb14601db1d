"""Texts about the bot's administration for the staff, as HTML."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from aiogram.utils.i18n import gettext as _
from pydantic import SecretStr

from bot.settings import Settings
from bot.ui import texts
from storage.audit import COMMAND_LINE, Action, AuditEntry
from storage.staff import Role

PASSWORD = re.compile(r"(?<=//)([^/@:]*):[^/@]*@")


def staff_list(staff: Mapping[int, Role]) -> str:
    """Everybody with a role, and how to change it."""
    names = {Role.OWNER: _("owner"), Role.ADMIN: _("administrator"), Role.REVIEWER: _("reviewer")}
    lines = [f"<code>{user_id}</code> · {names[role]}" for user_id, role in staff.items()]
    hint = _("/grant ID admin or /grant ID reviewer gives a role, /revoke ID takes it away. Owners stand in ADMIN_IDS.")
    return "\n".join(["<b>" + _("Who runs this bot") + "</b>", *lines, "", hint])


def audit_list(entries: Sequence[AuditEntry]) -> str:
    """Entries of the audit log. Banned people appear with the first digits of a keyed hash."""
    if not entries:
        return _("The audit log is empty.")
    names = {
        Action.GRANT: _("gave a role"),
        Action.REVOKE: _("took a role away"),
        Action.BAN: _("banned"),
        Action.UNBAN: _("unbanned"),
        Action.SWITCH_ON: _("switched on"),
        Action.SWITCH_OFF: _("switched off"),
        Action.BROADCAST: _("sent announcement"),
        Action.BROADCAST_SCHEDULE: _("scheduled announcement"),
        Action.BROADCAST_PAUSE: _("paused announcement"),
        Action.BROADCAST_RESUME: _("resumed announcement"),
        Action.BROADCAST_CANCEL: _("cancelled announcement"),
        Action.ACTIVATE: _("activated model"),
        Action.TRIAL: _("tried model (percent of the people, 0 in the shadow)"),
        Action.READ_AGAIN: _("had old answers read again with"),
        Action.TELL: _("notified people of new answers by"),
        Action.LABEL: _("labelled photo of the training pool"),
        Action.LABEL_REPLACE: _("took back the label of photo of the training pool"),
        Action.RETRAIN: _("retraining a model"),
        Action.POOL_EXPORT: _("copied the training pool out (form, photos)"),
        Action.POOL_IMPORT: _("took in labels (number)"),
    }
    lines = [
        f"{texts.moment(each.at)} · {_actor(each.actor_id)}\n{names[each.action]}: {escape(each.detail)}"
        for each in entries
    ]
    return "\n\n".join(["<b>" + _("Audit log, newest first") + "</b>", *lines])


def _actor(actor_id: int) -> str:
    return _("command line") if actor_id == COMMAND_LINE else f"<code>{actor_id}</code>"


def maintenance(*, on: bool, working: int, waiting: int) -> str:
    """Whether maintenance is on, how many photos are being analysed, and how many wait."""
    state = (
        _("🔧 <b>Maintenance is on.</b> New photos are kept and wait; everything else works.")
        if on
        else _("<b>Maintenance is off.</b> While it is on, new photos are kept and wait; everything else works.")
    )
    counts = [_("Photos being read: {number}").format(number=working)]
    if on:
        counts.append(_("Photos that wait: {number}").format(number=waiting))
    return "\n".join([state, "", *counts])


def settings_list(settings: Settings) -> str:
    """Every setting with its variable's name. Secrets show only whether they are set."""
    lines = [f"{name.upper()} = {escape(_shown(value))}" for name, value in settings]
    return "<b>" + _("Settings") + "</b>\n<pre>" + "\n".join(lines) + "</pre>"


def _shown(value: object) -> str:
    if value is None or value == ():
        return "–"
    if isinstance(value, SecretStr):
        return _("(set, hidden)")
    if isinstance(value, frozenset):
        return ",".join(map(str, sorted(value)))
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return PASSWORD.sub(r"\1:***@", str(value))
