"""The routes for people, for the chat page and for tests; see `bot.sandbox.server` for a list."""

from collections.abc import Callable, Mapping

from aiohttp import web

from bot.sandbox.sim.actions import Actions
from bot.sandbox.sim.groups import GroupActions
from bot.sandbox.sim.orders import Orders
from bot.sandbox.sim.watching import Watching
from bot.sandbox.state import World


def routes(world: World, samples: Mapping[str, Callable[[], bytes]]) -> list[web.AbstractRouteDef]:
    """All routes under /sim. Errors have the Bot API's form: `{"ok": false, "description": ...}`."""
    return [
        *Actions(world).routes(),
        *GroupActions(world).routes(),
        *Orders(world).routes(),
        *Watching(world, samples).routes(),
    ]
