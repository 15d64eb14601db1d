"""Actions of people: /sim/users/{id}/..."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aiogram.types import MessageEntity, MessageGenerationStopped, User
from aiohttp import web
from pydantic import Field

from bot.sandbox.errors import bad_request
from bot.sandbox.people import CLIPS, Destination, People
from bot.sandbox.sim.http import Strict, answering, number, read, read_upload
from bot.sandbox.state import World, dump
from bot.sandbox.web_apps import opened

MADE_UP = b"made up by the sandbox"


class NewUser(Strict):
    id: int = Field(ge=1)
    first_name: str = Field(min_length=1, max_length=64)
    language_code: str | None = Field(default=None, pattern=r"^[a-zA-Z-]{2,10}$")
    username: str | None = Field(default=None, pattern=r"^[A-Za-z]\w{3,31}$")


class Where(Strict):
    chat_id: int | None = None
    message_thread_id: int | None = None
    reply_to: int | None = None
    quote: str | None = None

    @property
    def place(self) -> Destination:
        return Destination(self.chat_id, self.message_thread_id, self.reply_to, self.quote)


class Text(Where):
    text: str
    parse_mode: str | None = None
    entities: list[MessageEntity] | None = None


class Captioned(Where):
    caption: str | None = None


class Forward(Where):
    from_chat_id: int
    message_id: int
    hidden: bool = False


class Edit(Strict):
    message_id: int
    chat_id: int | None = None
    text: str


class PhotoEdit(Strict):
    message_id: int
    chat_id: int | None = None
    caption: str | None = None


class Click(Strict):
    message_id: int
    data: str
    chat_id: int | None = None


class WebApp(Strict):
    message_id: int
    url: str


class Shared(Strict):
    request_id: int
    user_ids: list[int]


class NewTopic(Strict):
    name: str
    chat_id: int | None = None


class Blocking(Strict):
    blocked: bool


class Actions:
    """The routes for actions of people."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._people = People(world)

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes for the application."""
        user = r"/sim/users/{id:\d+}"
        clips = "|".join(CLIPS)
        return [
            web.post("/sim/users", answering(self._join)),
            web.post(user + "/message", answering(self._message)),
            web.post(user + "/photos", answering(self._photos)),
            web.post(user + "/live_photo", answering(self._live_photo)),
            web.post(user + "/document", answering(self._document)),
            web.post(user + f"/{{clip:{clips}}}", answering(self._clip)),
            web.post(user + "/forward", answering(self._forward)),
            web.post(user + "/edit", answering(self._edit)),
            web.post(user + "/click", answering(self._click)),
            web.post(user + "/web_app", answering(self._web_app)),
            web.post(user + "/share", answering(self._share)),
            web.post(user + "/topic", answering(self._topic)),
            web.post(user + "/stop", answering(self._stop)),
            web.post(user + "/block", answering(self._block)),
            web.post(user + "/delete_account", answering(self._delete_account)),
        ]

    async def _join(self, request: web.Request) -> Any:
        if (new := await read(request, NewUser)).id == self._world.bot.id:
            raise bad_request("this number is the bot's")
        user = User(is_bot=False, **new.model_dump())
        self._world.join(user)
        return dump(user)

    async def _message(self, request: web.Request) -> Any:
        asked = await read(request, Text)
        return dump(
            self._people.write(
                number(request),
                asked.text,
                parse_mode=asked.parse_mode,
                entities=asked.entities,
                place=asked.place,
            )
        )

    async def _photos(self, request: web.Request) -> Any:
        upload = await read_upload(request)
        asked = upload.read(Captioned)
        pictures = [data for data, _, _ in upload.files]
        return list(map(dump, await self._people.send_photos(number(request), pictures, asked.caption, asked.place)))

    async def _live_photo(self, request: web.Request) -> Any:
        upload = await read_upload(request)
        asked = upload.read(Captioned)
        still, *video = [data for data, _, _ in upload.files] or [b""]
        moving = video[0] if video else MADE_UP
        return dump(await self._people.send_live_photo(number(request), still, moving, asked.caption, asked.place))

    async def _document(self, request: web.Request) -> Any:
        upload = await read_upload(request)
        asked = upload.read(Captioned)
        return dump(self._people.send_document(number(request), *upload.one(), asked.caption, asked.place))

    async def _clip(self, request: web.Request) -> Any:
        data, place = MADE_UP, Destination()
        if request.content_type.startswith("multipart/"):
            upload = await read_upload(request)
            place = upload.read(Where).place
            data = upload.files[0][0] if upload.files else MADE_UP
        return dump(self._people.send_clip(number(request), request.match_info["clip"], data, place))

    async def _forward(self, request: web.Request) -> Any:
        asked = await read(request, Forward)
        return dump(
            self._people.forward(
                number(request), asked.from_chat_id, asked.message_id, hidden=asked.hidden, place=asked.place
            )
        )

    async def _edit(self, request: web.Request) -> Any:
        if not request.content_type.startswith("multipart/"):
            words = await read(request, Edit)
            return dump(self._people.edit_text(number(request), words.message_id, words.text, words.chat_id))
        upload = await read_upload(request)
        asked = upload.read(PhotoEdit)
        picture, _, _ = upload.one()
        return dump(
            await self._people.edit_photo(number(request), asked.message_id, picture, asked.caption, asked.chat_id)
        )

    async def _click(self, request: web.Request) -> Any:
        asked = await read(request, Click)
        return asdict(self._people.press(number(request), asked.message_id, asked.data, asked.chat_id))

    async def _web_app(self, request: web.Request) -> Any:
        asked = await read(request, WebApp)
        chat = self._world.person(number(request))
        message = chat.message(asked.message_id, "there is no such message")
        return {"init_data": opened(message, asked.url, chat.user, self._world.token)}

    async def _share(self, request: web.Request) -> Any:
        asked = await read(request, Shared)
        return dump(self._people.share_users(number(request), asked.request_id, asked.user_ids))

    async def _topic(self, request: web.Request) -> Any:
        asked = await read(request, NewTopic)
        return dump(self._people.open_topic(number(request), asked.name, asked.chat_id))

    async def _stop(self, request: web.Request) -> Any:
        chat = self._world.person(number(request))
        draft = chat.draft
        if draft is None or not draft["can_stop"]:
            raise bad_request("there is nothing to stop")
        self._world.updates.push(
            "stopped_message_generation",
            MessageGenerationStopped(
                chat=chat.chat, draft_id=draft["draft_id"], message_thread_id=draft["message_thread_id"]
            ),
        )
        chat.draft = draft if draft["keep_on_stop"] else None
        self._world.events.publish("draft", chat.id, {"draft": chat.draft})
        return {"stopped": True}

    async def _block(self, request: web.Request) -> Any:
        blocked = (await read(request, Blocking)).blocked
        self._people.set_blocked(number(request), blocked)
        return {"blocked": blocked}

    async def _delete_account(self, request: web.Request) -> Any:
        self._people.delete_account(number(request))
        return {"deleted": True}
