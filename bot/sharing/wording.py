"""Texts about shares, as HTML, for owners and readers."""

from datetime import datetime
from html import escape

from aiogram.utils.i18n import gettext as _

from bot.ui.texts import day_shown
from storage.shares import Share, Unshared

LONGEST_NAME = 64


def question(what: str, *, is_mole: bool) -> str:
    """What sharing means, before a link is made; `what` is HTML."""
    mole = _("its photos, those that you add later too, its measures and the report for doctors")
    return _(
        "<b>Share {what} with one person?</b>\n"
        "Whoever opens the link first and confirms can read {content}, and nothing else of yours. You see each "
        "other's Telegram names. You can take it back at any time with /shared; what was read or saved by then stays "
        "with them.\n\nFor how long?"
    ).format(what=what, content=mole if is_mole else _("the photo, the answer and the report for doctors"))


def link(url: str, dies_at: datetime, share_until: datetime | None) -> str:
    """The link, which is shown once."""
    return _(
        "Send this link to one person, such as your doctor:\n{link}\n\n"
        "It opens once, until {day}. I keep no copy of it. {access}"
    ).format(link=url, day=day_shown(dies_at), access=access(share_until))


def access(until: datetime | None) -> str:
    """How long a share can be read."""
    if until is None:
        return _("What it opens can be read until you take it back.")
    return _("What it opens can be read until {day}.").format(day=day_shown(until))


def given(share: Share, what: str) -> str:
    """A share in the list of its owner."""
    if share.accepted_at is None:
        who = _("a link that nobody has opened yet")
    else:
        who = _("{name}, since {day}").format(name=name(share.reader_name), day=day_shown(share.accepted_at))
    return f"<b>{what}</b>\n{who}\n{_until(share)}"


def received(share: Share, what: str) -> str:
    """A share in the list of its reader."""
    who = _("from {name}").format(name=name(share.owner_name))
    return f"<b>{what}</b>\n{who}\n{_until(share)}"


def offer(share: Share) -> str:
    """The question before somebody opens a share."""
    return _(
        "<b>{name} wants to share a result about a spot on the skin with you.</b>\n"
        "I am a computer program that reads photos of skin; nothing I say is a diagnosis. This is health data: open "
        "it only if you know this person, and keep it to yourself. They see your Telegram name, and I keep it with "
        "your number until the result is erased. /privacy tells more, /delete erases you."
    ).format(name=name(share.owner_name))


def unshared(reason: Unshared) -> str:
    """Why a link does not work, and what to do."""
    return {
        Unshared.UNKNOWN: _(
            "This link leads nowhere. What it led to was erased, or a part of the link is missing. Ask the person who "
            "sent it for a new one."
        ),
        Unshared.OWN: _("This is your own link. Send it to the person who is to read the result; /shared lists it."),
        Unshared.USED: _(
            "This link has been used already: it opens for one person alone. Ask the person who sent it for one of "
            "your own."
        ),
        Unshared.NOT_FOR_YOU: _(
            "This link was made for somebody else. Ask the person who sent it for one of your own."
        ),
        Unshared.EXPIRED: _("The time of this link is over. Ask the person who sent it for a new one."),
        Unshared.REVOKED: _("The person who sent this link has taken it back. Ask them if you need to read it."),
    }[reason]


def gone() -> str:
    """The answer to a reader of an ended share; plain text of at most 200 characters."""
    return _("This is no longer shared with you: it was taken back or erased, or its time is over.")


def not_yours() -> str:
    """The answer to an owner of an ended share; plain text of at most 200 characters."""
    return _("This share is over already.")


def opened(share: Share, what: str) -> str:
    """The notice for an owner that their link was followed."""
    text = _("👁 {name} has opened what you shared: {what}. I have not checked who that is. /shared takes it back.")
    return text.format(name=name(share.reader_name), what=what)


def heading(share: Share, what: str) -> str:
    """The heading above a share, for its reader."""
    text = _(
        "<b>{what}</b>\nShared with you by {name}. Below is what I told them; I am a program, no doctor. "
        "You can read it {until}."
    )
    return text.format(what=what, name=name(share.owner_name), until=_until(share))


def note(share: Share, what: str, words: str) -> str:
    """A reader's note for the owner; `words` is plain text."""
    return _(
        "✉️ <b>A note about {what}</b>\n<blockquote>{words}</blockquote>\n"
        "From {name}, to whom you gave access. I have not checked who that is, nor whether they are a doctor. If the "
        "spot changes, bleeds, itches or grows, see a doctor whatever was written."
    ).format(what=what, words=escape(words), name=name(share.reader_name))


def result_of(when: datetime) -> str:
    """The name of a result."""
    return _("the result of {day}").format(day=day_shown(when))


def name(of_telegram: str | None) -> str:
    """A name from Telegram as HTML; anybody can call themselves anything."""
    return escape(" ".join((of_telegram or "").split())[:LONGEST_NAME]) or "–"


def _until(share: Share) -> str:
    if share.expires_at is None:
        return _("until it is taken back")
    return _("until {day}").format(day=day_shown(share.expires_at))
