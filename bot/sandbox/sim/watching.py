"""Watching: chats, calls, files, samples, and events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from bot.sandbox.chats import Conversation, Group, PrivateChat
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.events import Event
from bot.sandbox.flood import busiest_seconds
from bot.sandbox.methods.profile import commands_for, text_for
from bot.sandbox.sim.groups import described
from bot.sandbox.sim.http import answering, number
from bot.sandbox.state import World, dump

KEEP_ALIVE = 15.0
LONGEST_WAIT = 60.0
# Types that a browser may show in the page. Other files are downloads, so that they never run there.
_WAITING = frozenset({"getUpdates"})
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})


class Watching:
    """The routes that change nothing."""

    def __init__(self, world: World, samples: Mapping[str, Callable[[], bytes]]) -> None:
        self._world = world
        self._samples = samples

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes for the application."""
        return [
            web.get("/sim/users", answering(self._users)),
            web.get(r"/sim/users/{id:\d+}/transcript", answering(self._transcript)),
            web.get(r"/sim/chats/{id:-?\d+}/transcript", answering(self._transcript)),
            web.get(r"/sim/users/{id:\d+}/menu", answering(self._menu)),
            web.get("/sim/calls", answering(self._calls)),
            web.get("/sim/rates", answering(self._rates)),
            web.get("/sim/samples", answering(self._list_samples)),
            web.get(r"/sim/samples/{number:\d+}", self._sample),
            web.get("/sim/files/{file_id}", self._file),
            web.get("/sim/events", self._events),
        ]

    async def _users(self, _: web.Request) -> Any:
        people = [
            {**dump(person.user), "started": person.started, "blocked": person.blocked}
            for person in self._world.people.values()
        ]
        return {"bot": dump(self._world.bot), "users": people}

    async def _transcript(self, request: web.Request) -> Any:
        await self._hold(request)
        chat = self._world.conversation(number(request))
        return {
            "version": self._world.events.version,
            **_header(chat),
            "messages": [dump(message) for message in chat.messages.values()],
            "callback_answers": [asdict(press) for press in chat.presses.values()],
            "topics": [asdict(topic) for topic in chat.topics.values()],
            "keyboard": dump(chat.keyboard) if chat.keyboard is not None else None,
            "draft": chat.draft,
        }

    async def _menu(self, request: web.Request) -> Any:
        user = self._world.person(number(request)).user
        language = (user.language_code or "")[:2]
        return {
            "commands": [dump(command) for command in commands_for(self._world, user)],
            "name": text_for(self._world, "name", language) or self._world.bot.first_name,
            "description": text_for(self._world, "description", language),
        }

    async def _calls(self, request: web.Request) -> Any:
        await self._hold(request)
        method = request.query.get("method")
        calls = [asdict(call) for call in self._world.calls if method is None or call.method == method]
        return {"version": self._world.events.version, "calls": calls}

    async def _rates(self, request: web.Request) -> Any:
        method = request.query.get("method")
        calls = [call for call in self._world.calls if method is None or call.method == method]
        return busiest_seconds((call.chat_id, call.at) for call in calls if call.method not in _WAITING)

    async def _list_samples(self, _: web.Request) -> Any:
        return [{"number": number, "title": title} for number, title in enumerate(self._samples)]

    async def _sample(self, request: web.Request) -> web.StreamResponse:
        if (number := int(request.match_info["number"])) >= len(self._samples):
            raise web.HTTPNotFound
        draw = list(self._samples.values())[number]
        return web.Response(body=await asyncio.to_thread(draw), content_type="image/jpeg")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            stored = self._world.files.get(request.match_info["file_id"])
        except ApiError:
            raise web.HTTPNotFound from None
        if stored.data is None:
            raise web.HTTPNotFound
        shown = stored.mime_type in SHOWN
        return web.Response(
            body=stored.data,
            content_type=stored.mime_type if shown else "application/octet-stream",
            headers={
                "Content-Disposition": "inline" if shown else "attachment",
                "Cache-Control": "private, max-age=3600, immutable",
            },
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        async with self._world.events.subscribe() as queue:
            await response.prepare(request)
            await response.write(b": welcome\n\n")
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE):
                        event = await queue.get()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if event is None:
                    return response
                await response.write(_line(event))

    async def _hold(self, request: web.Request) -> None:
        """Long polling: `beyond` is the last seen version, `wait` the longest waiting time in seconds."""
        try:
            version, seconds = int(request.query.get("beyond", -1)), float(request.query.get("wait", 0))
        except ValueError:
            raise bad_request("beyond and wait are numbers") from None
        await self._world.events.beyond(version, min(max(seconds, 0), LONGEST_WAIT))


def _header(chat: Conversation) -> dict[str, Any]:
    if isinstance(chat, PrivateChat):
        return {"user": dump(chat.user), "started": chat.started, "blocked": chat.blocked}
    return {"group": described(chat)} if isinstance(chat, Group) else {}


def _line(event: Event) -> bytes:
    return f"id: {event.version}\ndata: {json.dumps(asdict(event))}\n\n".encode()
