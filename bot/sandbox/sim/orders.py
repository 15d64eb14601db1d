"""Orders of a test: failures, limits, raw updates, and @BotFather's settings."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import RootModel, TypeAdapter, ValidationError

from bot.sandbox.errors import bad_request
from bot.sandbox.faults import Fault
from bot.sandbox.flood import FloodLimits
from bot.sandbox.sim.http import Strict, answering, read
from bot.sandbox.state import World, dump

_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


class RawUpdate(RootModel[dict[str, Any]]):
    pass


class Switches(Strict):
    has_topics_enabled: bool | None = None
    can_read_all_group_messages: bool | None = None


class Orders:
    """The routes that configure the sandbox."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes for the application."""
        return [
            web.post("/sim/updates", answering(self._raw_update)),
            web.get("/sim/faults", answering(self._faults)),
            web.post("/sim/faults", answering(self._order_faults)),
            web.delete("/sim/faults", answering(self._clear_faults)),
            web.post("/sim/flood", answering(self._flood)),
            web.post("/sim/bot", answering(self._switch)),
        ]

    async def _raw_update(self, request: web.Request) -> Any:
        update = (await read(request, RawUpdate)).root
        return {"update_id": self._world.updates.push_raw(update)}

    async def _faults(self, _: web.Request) -> Any:
        return [fault.model_dump() for fault in self._world.faults.faults]

    async def _order_faults(self, request: web.Request) -> Any:
        try:
            ordered = _FAULTS.validate_json(await request.read())
        except ValidationError as error:
            raise bad_request(str(error)) from None
        self._world.faults.faults.extend(ordered)
        return await self._faults(request)

    async def _clear_faults(self, request: web.Request) -> Any:
        self._world.faults.faults.clear()
        return await self._faults(request)

    async def _flood(self, request: web.Request) -> Any:
        self._world.flood.limits = await read(request, FloodLimits)
        return self._world.flood.limits.model_dump()

    async def _switch(self, request: web.Request) -> Any:
        asked = await read(request, Switches)
        self._world.bot = self._world.bot.model_copy(update=asked.model_dump(exclude_none=True))
        return dump(self._world.bot)
