"""Who blocks the bot and who comes back, as Telegram reports it."""

from aiogram import Router
from aiogram.filters import JOIN_TRANSITION, LEAVE_TRANSITION, ChatMemberUpdatedFilter
from aiogram.types import ChatMemberUpdated

from storage.database import Database

router = Router(name="membership")


@router.my_chat_member(ChatMemberUpdatedFilter(LEAVE_TRANSITION))
async def blocked(event: ChatMemberUpdated, database: Database) -> None:
    await database.users.mark_blocked(event.from_user.id)


@router.my_chat_member(ChatMemberUpdatedFilter(JOIN_TRANSITION))
async def unblocked(event: ChatMemberUpdated, database: Database) -> None:
    await database.users.mark_active(event.from_user.id)
