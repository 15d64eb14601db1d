"""One router a module, one concern a router; their order is the order in which they are asked."""

from aiogram import Router

from bot.handlers import (
    admin,
    announcements,
    delete,
    documents,
    errors,
    explanation,
    export,
    help,
    history,
    language,
    membership,
    photos,
    privacy,
    start,
    unknown,
    unsupported,
)

ROUTERS: tuple[Router, ...] = (
    errors.router,
    membership.router,
    admin.router,
    # Before the commands: a photo whose caption looks like one is still a photo to be read.
    photos.router,
    documents.router,
    start.router,
    help.router,
    privacy.router,
    announcements.router,
    language.router,
    history.router,
    explanation.router,
    export.router,
    delete.router,
    unsupported.router,
    unknown.router,
)
