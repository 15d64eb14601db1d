"""Filters that more than one router uses, and what is done with a command where a text is expected."""

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
    """A filter: is one of these expected now?

    aiogram's own goes by the state at the time when the message came in. A message that came together with it, or the
    handler before, may have changed it.
    """

    async def check(_message: Message, state: FSMContext) -> bool:
        return await state.get_state() in {each.state for each in states}

    return check


async def leave(_message: Message, state: FSMContext) -> None:
    """A command is not the text that is expected; the next router obeys it."""
    await state.clear()
    raise SkipHandler


def _may(event: Message | CallbackQuery, access: Access, needed: Role) -> bool:
    message = event if isinstance(event, Message) else event.message
    private = message is not None and message.chat.type == "private"
    return private and event.from_user is not None and access.may(event.from_user.id, needed)
