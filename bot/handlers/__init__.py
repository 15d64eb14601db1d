"""The handlers. Each module has one router, and each router has one concern."""

from aiogram import Router

from bot.handlers import (
    admin,
    again,
    agreements,
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
    follow_ups,
    groups,
    help,
    history,
    labelling,
    language,
    membership,
    models,
    mole_names,
    mole_story,
    mole_topics,
    moles,
    past,
    photos,
    privacy,
    questions,
    release_news,
    reminders,
    reports,
    shared,
    shared_notes,
    sharing,
    staff,
    start,
    talk,
    trials,
    unknown,
    unsupported,
    verdicts,
)

IN_ORDER = (
    errors,
    # First, because all others are for private chats.
    groups,
    membership,
    broadcast,
    broadcast_times,
    broadcasts,
    admin,
    models,
    trials,
    release_news,
    staff,
    labelling,
    # Before the commands: a photo with a command as its caption is still a photo to analyse.
    photos,
    documents,
    # Before unknown text: an expected text may be a name.
    mole_names,
    shared_notes,
    # Before /start: these handle its links to a result.
    history,
    shared,
    past,
    start,
    help,
    privacy,
    agreements,
    announcements,
    language,
    explanation,
    again,
    answers,
    questions,
    reports,
    mole_story,
    mole_topics,
    moles,
    reminders,
    sharing,
    verdicts,
    follow_ups,
    export,
    delete,
    unsupported,
    talk,
    unknown,
)


def setup() -> Router:
    """A router with all the others, in the order in which they are tried."""
    router = Router(name="handlers")
    router.include_routers(*(module.setup() for module in IN_ORDER))
    return router
