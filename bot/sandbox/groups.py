"""Groups: creation, the bot's membership, migration to a supergroup, deletion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiogram.types import ChatMemberUpdated, User

from bot.sandbox.chats import Group
from bot.sandbox.errors import bad_request
from bot.sandbox.members import STATUSES, membership
from bot.sandbox.state import World, now

SUPERGROUPS_BEGIN = -1_000_000_000_000


class Groups:
    """Plays the groups. Every method raises ApiError 400 on an impossible action."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, title: str, members: Sequence[int], *, supergroup: bool = False, forum: bool = False) -> Group:
        """Makes a group of these people. The first one adds the bot. A forum is a supergroup with topics."""
        if not members:
            raise bad_request("a group has at least one person")
        users = {number: self._world.person(number).user for number in members}
        supergroup = supergroup or forum
        group = Group(
            number=self._number(supergroup),
            title=title,
            members=users,
            supergroup=supergroup,
            forum=forum,
            status="left",
        )
        self._world.groups[group.id] = group
        self._world.events.publish("group", group.id, {"title": title, "members": list(users)})
        self.set_status(group.id, "member", by=members[0])
        return group

    def set_status(self, group_id: int, status: str, by: int | None = None) -> None:
        """Adds the bot, makes it an administrator, removes it or bans it. The bot gets a `my_chat_member` update."""
        group = self.find(group_id)
        if status not in STATUSES:
            raise bad_request(f"the bot's status is one of {', '.join(STATUSES)}")
        before, group.status = group.status, status
        actor = group.members[by] if by is not None else next(iter(group.members.values()))
        self._world.updates.push(
            "my_chat_member",
            ChatMemberUpdated(
                chat=group.chat,
                from_user=actor,
                date=now(),
                old_chat_member=membership(self._world.bot, before),
                new_chat_member=membership(self._world.bot, status),
            ),
        )
        came = before in ("left", "kicked") and status in ("member", "administrator")
        if came:
            self._say(group, actor, {"new_chat_members": [self._world.bot]})

    def migrate(self, group_id: int) -> Group:
        """Turns a group into a supergroup. From now on, calls to the old id are refused with the new id."""
        old = self.find(group_id)
        if old.supergroup:
            raise bad_request("the group is a supergroup already")
        new = Group(
            number=self._number(True), title=old.title, members=dict(old.members), supergroup=True, status=old.status
        )
        self._world.groups[new.id] = new
        self._world.events.publish("group", new.id, {"title": new.title, "members": list(new.members)})
        actor = next(iter(old.members.values()))
        self._say(old, actor, {"migrate_to_chat_id": new.id})
        self._say(new, actor, {"migrate_from_chat_id": old.id})
        old.migrated_to = new.id
        return new

    def delete(self, group_id: int) -> None:
        """Deletes the group for everybody. The bot gets no update; its messages are refused from now on."""
        self.find(group_id).deleted = True

    def find(self, group_id: int) -> Group:
        """The group with this id. Raises: ApiError 400 if there is none."""
        found = self._world.groups.get(group_id)
        if found is None:
            raise bad_request("chat not found")
        return found

    def _number(self, supergroup: bool) -> int:
        number = self._world.next_number()
        return SUPERGROUPS_BEGIN - number if supergroup else -number

    def _say(self, group: Group, actor: User, fields: dict[str, Any]) -> None:
        message = self._world.post(group, actor, fields)
        if group.refusal() is None:
            self._world.updates.push("message", message)
