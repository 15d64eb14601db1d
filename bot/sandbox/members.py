"""Somebody's membership in a chat, in the form of the Bot API."""

from __future__ import annotations

from datetime import UTC, datetime

from aiogram.types import ChatMemberAdministrator, ChatMemberBanned, ChatMemberLeft, ChatMemberMember, User

Membership = ChatMemberAdministrator | ChatMemberBanned | ChatMemberLeft | ChatMemberMember

STATUSES = ("member", "administrator", "left", "kicked")
# Telegram writes a permanent ban as the Unix time 0.
_FOREVER = datetime.fromtimestamp(0, UTC)


def membership(user: User, status: str) -> Membership:
    """The membership with this status. An administrator of the sandbox has every right."""
    if status == "administrator":
        return ChatMemberAdministrator(
            user=user,
            can_be_edited=False,
            is_anonymous=False,
            can_manage_chat=True,
            can_delete_messages=True,
            can_manage_video_chats=True,
            can_restrict_members=True,
            can_promote_members=True,
            can_change_info=True,
            can_invite_users=True,
            can_post_stories=True,
            can_edit_stories=True,
            can_delete_stories=True,
            can_send_welcome_messages=True,
            can_manage_topics=True,
        )
    if status == "kicked":
        return ChatMemberBanned(user=user, until_date=_FOREVER)
    return ChatMemberLeft(user=user) if status == "left" else ChatMemberMember(user=user)
