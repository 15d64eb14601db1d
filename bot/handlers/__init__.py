"""One router a module, one concern a router."""

from aiogram import Router

from bot.handlers import (
    admin,
    announcements,
    answers,
    broadcast,
    broadcast_times,
    broadcasts,
    delete,
    documents,
    errors,
    explanation,
    export,
    groups,
    help,
    history,
    language,
    membership,
    models,
    mole_names,
    moles,
    photos,
    privacy,
    questions,
    reminders,
    reports,
    shared,
    shared_notes,
    sharing,
    staff,
    start,
    talk,
    unknown,
    unsupported,
    verdicts,
)

IN_ORDER = (
    errors,
    # Before all others: those are for private chats.
    groups,
    membership,
    broadcast,
    broadcast_times,
    broadcasts,
    admin,
    models,
    staff,
    # Before the commands: a photo whose caption looks like one is still a photo to be read.
    photos,
    documents,
    # A text that is expected as a name is no command and no unknown text.
    mole_names,
    shared_notes,
    # Before /start: they know the links that lead to one thing.
    history,
    shared,
    start,
    help,
    privacy,
    announcements,
    language,
    explanation,
    answers,
    questions,
    reports,
    moles,
    reminders,
    sharing,
    verdicts,
    export,
    delete,
    unsupported,
    talk,
    unknown,
)


def setup() -> Router:
    """A router with all the others, in the order in which they are asked."""
    router = Router(name="handlers")
    router.include_routers(*(module.setup() for module in IN_ORDER))
    return router
