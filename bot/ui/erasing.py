"""The question before everything is erased: what is erased, what stays, and what is in the operator's backups."""

from html import escape

from aiogram.utils.i18n import gettext as _

from storage.records import Holdings


def question(held: Holdings, operator: str | None, backup_days: int | None) -> str:
    """The question of /delete, as HTML. `backup_days` is how long the operator keeps backups; None if not said."""
    goes = [_("photos with results, answers and notes: {number}").format(number=held.photos)]
    if held.moles:
        goes.append(_("moles with measures and reminders: {number}").format(number=held.moles))
    if held.pictures:
        goes.append(_("kept photos of moles: {number}").format(number=held.pictures))
    if held.training:
        goes.append(_("photos kept for training: {number}").format(number=held.training))
    if held.verdicts:
        goes.append(_("what doctors said: {number}").format(number=held.verdicts))
    if held.announcements:
        goes.append(_("announcements that you wrote: {number}").format(number=held.announcements))
    goes += [_("access that you gave to others"), _("your settings and everything that you agreed to")]
    lines = [
        "<b>" + _("Erase everything I keep about you?") + "</b>",
        _("At once and for good this goes:"),
        *(f"• {each}" for each in goes),
        "",
        _("The messages in this chat stay, with the photos in them; you can delete them in Telegram."),
        _backups(operator, backup_days),
    ]
    return "\n".join(lines)


def _backups(operator: str | None, days: int | None) -> str:
    made = _(
        "I make no copies of my own. Whoever runs me may have encrypted backups of the whole database, out of my reach:"
    )
    if days is not None:
        return f"{made} " + _("they are erased after {days} days at the latest.").format(days=days)
    who = escape(operator) if operator else _("the owner of this bot's account")
    return f"{made} " + _("how long they are kept was not said. Ask: {operator}.").format(operator=who)
