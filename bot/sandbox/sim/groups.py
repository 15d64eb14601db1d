"""Actions on groups: /sim/groups/..."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from bot.sandbox.chats import Group
from bot.sandbox.groups import Groups
from bot.sandbox.sim.http import Strict, answering, number, read
from bot.sandbox.state import World, dump


class NewGroup(Strict):
    title: str = Field(min_length=1, max_length=128)
    members: list[int]
    supergroup: bool = False
    forum: bool = False


class Status(Strict):
    status: str


class GroupActions:
    """The routes for making and changing groups."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = Groups(world)

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes for the application."""
        group = r"/sim/groups/{id:-\d+}"
        return [
            web.get("/sim/groups", answering(self._list)),
            web.post("/sim/groups", answering(self._create)),
            web.post(group + "/bot", answering(self._bot)),
            web.post(group + "/migrate", answering(self._migrate)),
            web.post(group + "/delete", answering(self._delete)),
        ]

    async def _list(self, _: web.Request) -> Any:
        return [described(group) for group in self._world.groups.values()]

    async def _create(self, request: web.Request) -> Any:
        asked = await read(request, NewGroup)
        return described(
            self._groups.create(asked.title, asked.members, supergroup=asked.supergroup, forum=asked.forum)
        )

    async def _bot(self, request: web.Request) -> Any:
        self._groups.set_status(number(request), (await read(request, Status)).status)
        return described(self._groups.find(number(request)))

    async def _migrate(self, request: web.Request) -> Any:
        return described(self._groups.migrate(number(request)))

    async def _delete(self, request: web.Request) -> Any:
        self._groups.delete(number(request))
        return described(self._groups.find(number(request)))


def described(group: Group) -> dict[str, Any]:
    """A group in the form of the routes."""
    return {
        **dump(group.chat),
        "members": list(group.members),
        "status": group.status,
        "deleted": group.deleted,
        "migrated_to": group.migrated_to,
    }
