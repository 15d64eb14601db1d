"""The Bot API over HTTP: /bot{token}/{method} and /file/bot{token}/{path}."""

from __future__ import annotations

import hmac
import json
import re

from aiohttp import web

from bot.sandbox.downloads import send_file, spoil
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import DropConnection, HtmlPage, strike
from bot.sandbox.forms import build_method, describe, read_form
from bot.sandbox.methods import failure, find_method, perform
from bot.sandbox.state import World

GARBLED = '{"ok":true,"result":{"type":"of next year"}}'
PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_TOKEN = re.compile(r"\d+:[\w-]+")


class BotApi:
    """Answers the bot with JSON and errors in Telegram's form."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes for the application."""
        return [
            web.route("*", "/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request.match_info["token"])
            body = await self._answer(request)
        except (ApiError, DropConnection, HtmlPage) as error:
            return _refused(request, error)
        return web.Response(text=body, content_type="application/json")

    async def _answer(self, request: web.Request) -> str:
        world = self._world
        registered = find_method(request.match_info["method"])
        method = build_method(registered.model, *await read_form(request))
        name = registered.model.__api_method__
        chat_id = getattr(method, "chat_id", None)
        call = world.record(name, chat_id if isinstance(chat_id, int) else None, describe(method))
        try:
            fault = world.faults.take(name, call.chat_id)
            if fault is not None:
                await strike(fault)
            body = await perform(registered, world, method)
            if fault is not None and name == "getFile" and world.local_folder is not None:
                await spoil(world.local_folder, json.loads(body)["result"]["file_path"], fault)
            if fault is not None and fault.kind == "drop_answer":
                raise DropConnection
            if fault is not None and fault.kind == "garbled_answer":
                body = GARBLED
        except ApiError as error:
            world.finish(call, ok=False, error_code=error.code, description=error.description)
            raise
        except DropConnection:
            world.finish(call, ok=False, description="connection dropped")
            raise
        except HtmlPage:
            world.finish(call, ok=False, error_code=502, description="a proxy's error page")
            raise
        world.finish(call, ok=True)
        return body

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request.match_info["token"])
            fault = self._world.faults.take("download", None)
            if fault is not None:
                await strike(fault)
            stored = self._world.files.at(request.match_info["path"])
            lost = fault is not None and fault.kind == "file_lost"
            if lost or stored is None or stored.data is None or self._world.local_folder is not None:
                raise ApiError(404, "Not Found")
        except (ApiError, DropConnection, HtmlPage) as error:
            return _refused(request, error)
        return await send_file(request, stored.data, fault)

    def _authorise(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise ApiError(404, "Not Found")
        if not hmac.compare_digest(token, self._world.token):
            raise ApiError(401, "Unauthorized")


def _refused(request: web.Request, error: ApiError | DropConnection | HtmlPage) -> web.StreamResponse:
    if isinstance(error, ApiError):
        return web.Response(status=error.code, text=failure(error), content_type="application/json")
    if isinstance(error, HtmlPage):
        return web.Response(status=502, text=PROXY_PAGE, content_type="text/html")
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
