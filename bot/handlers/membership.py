"""Telegram's reports that somebody blocks or unblocks the bot."""

from aiogram import Router
from aiogram.filters import JOIN_TRANSITION, LEAVE_TRANSITION, ChatMemberUpdatedFilter
from aiogram.types import ChatMemberUpdated

from storage.database import Database


def setup() -> Router:
    router = Router(name="membership")
    router.my_chat_member.register(blocked, ChatMemberUpdatedFilter(LEAVE_TRANSITION))
    router.my_chat_member.register(unblocked, ChatMemberUpdatedFilter(JOIN_TRANSITION))
    return router


async def blocked(event: ChatMemberUpdated, database: Database) -> None:
    await database.users.mark_blocked(event.from_user.id)


async def unblocked(event: ChatMemberUpdated, database: Database) -> None:
    await database.users.mark_active(event.from_user.id)
