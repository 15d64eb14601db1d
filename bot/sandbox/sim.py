"""The person's side over HTTP, for the chat page and for tests: `bot.sandbox.server` lists it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from aiogram.types import MessageEntity, User
from aiohttp import BodyPartReader, web
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError

from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.events import Event
from bot.sandbox.faults import Fault, FloodLimits
from bot.sandbox.methods.profile import commands_for, text_for
from bot.sandbox.people import CLIPS, People
from bot.sandbox.state import World, dump

UPLOAD_LIMIT = 64 * 1024 * 1024
KEEP_ALIVE = 15.0
LONGEST_WAIT = 60.0
# What a browser may show in the page; anything else is offered as a download, so that it never runs there.
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})

Model = TypeVar("Model", bound=BaseModel)
_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUser(_Strict):
    id: int = Field(ge=1)
    first_name: str = Field(min_length=1, max_length=64)
    language_code: str | None = Field(default=None, pattern=r"^[a-zA-Z-]{2,10}$")


class Text(_Strict):
    text: str
    parse_mode: str | None = None
    entities: list[MessageEntity] | None = None
    reply_to: int | None = None


class Click(_Strict):
    message_id: int
    data: str


class Blocking(_Strict):
    blocked: bool


class RawUpdate(RootModel[dict[str, Any]]):
    pass


class Simulation:
    """The routes under /sim. Errors have the Bot API's form: `{"ok": false, "description": ...}`."""

    def __init__(self, world: World, samples: Mapping[str, Callable[[], bytes]]) -> None:
        self._world = world
        self._samples = samples
        self._people = People(world)

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application."""
        user = r"/sim/users/{id:\d+}"
        clips = "|".join(CLIPS)
        return [
            web.get("/sim/users", _answering(self._users)),
            web.post("/sim/users", _answering(self._join)),
            web.get(user + "/transcript", _answering(self._transcript)),
            web.get(user + "/menu", _answering(self._menu)),
            web.post(user + "/message", _answering(self._message)),
            web.post(user + "/photos", _answering(self._photos)),
            web.post(user + "/document", _answering(self._document)),
            web.post(user + f"/{{clip:{clips}}}", _answering(self._clip)),
            web.post(user + "/click", _answering(self._click)),
            web.post(user + "/block", _answering(self._block)),
            web.get("/sim/calls", _answering(self._calls)),
            web.post("/sim/updates", _answering(self._raw_update)),
            web.get("/sim/faults", _answering(self._faults)),
            web.post("/sim/faults", _answering(self._order_faults)),
            web.delete("/sim/faults", _answering(self._clear_faults)),
            web.post("/sim/flood", _answering(self._flood)),
            web.get("/sim/samples", _answering(self._list_samples)),
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

    async def _join(self, request: web.Request) -> Any:
        if (new := await _read(request, NewUser)).id == self._world.bot.id:
            raise bad_request("this number is the bot's")
        user = User(id=new.id, is_bot=False, first_name=new.first_name, language_code=new.language_code)
        self._world.join(user)
        return dump(user)

    async def _transcript(self, request: web.Request) -> Any:
        await self._hold(request)
        conversation = self._world.conversation(_user_id(request))
        return {
            "version": self._world.events.version,
            "user": dump(conversation.user),
            "started": conversation.started,
            "blocked": conversation.blocked,
            "messages": [dump(message) for message in conversation.messages.values()],
            "callback_answers": [asdict(press) for press in conversation.presses.values()],
        }

    async def _menu(self, request: web.Request) -> Any:
        user = self._world.conversation(_user_id(request)).user
        language = (user.language_code or "")[:2]
        return {
            "commands": [dump(command) for command in commands_for(self._world, user)],
            "name": text_for(self._world, "name", language) or self._world.bot.first_name,
            "description": text_for(self._world, "description", language),
        }

    async def _message(self, request: web.Request) -> Any:
        asked = await _read(request, Text)
        return dump(
            self._people.write(
                _user_id(request),
                asked.text,
                parse_mode=asked.parse_mode,
                entities=asked.entities,
                reply_to=asked.reply_to,
            )
        )

    async def _photos(self, request: web.Request) -> Any:
        files, caption = await _read_files(request)
        pictures = [data for data, _, _ in files]
        return list(map(dump, await self._people.send_photos(_user_id(request), pictures, caption)))

    async def _document(self, request: web.Request) -> Any:
        files, caption = await _read_files(request)
        if len(files) != 1:
            raise bad_request("there is no document in the request")
        data, name, mime_type = files[0]
        return dump(self._people.send_document(_user_id(request), data, name, mime_type, caption))

    async def _clip(self, request: web.Request) -> Any:
        files = (await _read_files(request))[0] if request.content_type.startswith("multipart/") else []
        data = files[0][0] if files else b"made up by the sandbox"
        return dump(self._people.send_clip(_user_id(request), request.match_info["clip"], data))

    async def _click(self, request: web.Request) -> Any:
        asked = await _read(request, Click)
        return asdict(self._people.press(_user_id(request), asked.message_id, asked.data))

    async def _block(self, request: web.Request) -> Any:
        blocked = (await _read(request, Blocking)).blocked
        self._people.set_blocked(_user_id(request), blocked)
        return {"blocked": blocked}

    async def _calls(self, request: web.Request) -> Any:
        await self._hold(request)
        method = request.query.get("method")
        calls = [asdict(call) for call in self._world.calls if method is None or call.method == method]
        return {"version": self._world.events.version, "calls": calls}

    async def _raw_update(self, request: web.Request) -> Any:
        update = (await _read(request, RawUpdate)).root
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
        self._world.flood.limits = await _read(request, FloodLimits)
        return self._world.flood.limits.model_dump()

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
        """Long polling: `beyond` is the version already seen, `wait` the seconds to hold on for more."""
        try:
            version, seconds = int(request.query.get("beyond", -1)), float(request.query.get("wait", 0))
        except ValueError:
            raise bad_request("beyond and wait are numbers") from None
        await self._world.events.beyond(version, min(max(seconds, 0), LONGEST_WAIT))


def _line(event: Event) -> bytes:
    return f"id: {event.version}\ndata: {json.dumps(asdict(event))}\n\n".encode()


def _user_id(request: web.Request) -> int:
    return int(request.match_info["id"])


def _answering(
    handler: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handler(request))
        except ApiError as error:
            return web.json_response({"ok": False, "description": error.description}, status=error.code)

    return answer


async def _read(request: web.Request, model: type[Model]) -> Model:
    # Any other type could be sent by a foreign page's form without the browser asking first.
    if request.content_type != "application/json":
        raise bad_request("the body must be application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise bad_request(str(error)) from None


async def _read_files(request: web.Request) -> tuple[list[tuple[bytes, str, str | None]], str | None]:
    """The uploaded files as (bytes, name, media type), and the field `caption`."""
    if not request.content_type.startswith("multipart/"):
        raise bad_request("the body must be multipart/form-data")
    files: list[tuple[bytes, str, str | None]] = []
    caption, total = None, 0
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise bad_request("can't parse multipart request")
        data = bytearray()
        while chunk := await part.read_chunk(256 * 1024):
            data += chunk
            total += len(chunk)
            if total > UPLOAD_LIMIT:
                raise ApiError(413, "Request Entity Too Large")
        if part.filename is not None:
            files.append((bytes(data), part.filename, part.headers.get("Content-Type")))
        elif part.name == "caption":
            caption = data.decode(errors="replace")
    return files, caption
