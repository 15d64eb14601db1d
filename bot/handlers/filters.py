"""Filters that more than one router uses, and how a command ends the wait for a text."""

from collections.abc import Awaitable, Callable

from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from bot.operator.access import Access
from storage.staff import Role


async def is_admin(event: Message | CallbackQuery, access: Access) -> bool:
    """Whether an administrator or an owner writes or presses a button, in private.

    A group must not see what only they see.
    """
    return _may(event, access, Role.ADMIN)


async def is_owner(event: Message | CallbackQuery, access: Access) -> bool:
    """The same for owners alone."""
    return _may(event, access, Role.OWNER)


async def is_reviewer(event: Message | CallbackQuery, access: Access) -> bool:
    """The same for reviewers, administrators and owners."""
    return _may(event, access, Role.REVIEWER)


def expects(*states: State) -> Callable[[Message, FSMContext], Awaitable[bool]]:
    """A filter for messages that one of these states waits for.

    aiogram's `StateFilter` uses the state from when the message came in. Another message that came at the same time, or
    an earlier handler, may have changed it.
    """

    async def is_expected(message: Message, state: FSMContext) -> bool:
        # A message from before the question does not answer it: it may be the second half of a long text.
        asked_by = await state.get_value("asked_by", 0)
        return message.message_id > asked_by and await state.get_state() in {each.state for each in states}

    return is_expected


async def leave(_message: Message, state: FSMContext) -> None:
    """Expect nothing any more, because a command is not the expected text. The next router handles the command."""
    await state.clear()
    raise SkipHandler


def _may(event: Message | CallbackQuery, access: Access, needed: Role) -> bool:
    message = event if isinstance(event, Message) else event.message
    private = message is not None and message.chat.type == "private"
    return private and event.from_user is not None and access.may(event.from_user.id, needed)
