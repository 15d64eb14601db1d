"""`/app`: the page and its content. `/media`: the pictures in it, by signed links."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path as Folder
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from inference.drawing.body import bare_body
from inference.drawing.places import HEIGHT, MOLE_BADGES, WIDTH, sides
from inference.drawing.verdict import not_a_diagnosis
from storage.records import User
from web.i18n import LANGUAGES, preferred, translator
from web.mini_app import wording
from web.mini_app.init_data import NotGenuine, Outdated, verified
from web.mini_app.links import PictureLinks
from web.mini_app.records import Records
from web.mini_app.thumbnails import thumbnail
from web.problems import Problem
from web.rates import RateLimiter
from web.rendering import TEMPLATES

REQUESTS_A_MINUTE: Final = 240
SCHEME: Final = "tma "

_STATIC: Final = Folder(__file__).parent / "static"
_FILES: Final = {"app.js": "text/javascript", "telegram.js": "text/javascript", "app.css": "text/css"}
# A Mini App of Telegram's web clients is a frame in their page. Our own scripts alone run in it.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors "
)
_TELEGRAM: Final = "https://*.telegram.org"
_THIS_MACHINE: Final = "http://127.0.0.1:* http://localhost:*"

Bot = Annotated[str | None, Query(pattern=r"^[A-Za-z]\w{3,31}$")]
MoleId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class MiniApp:
    """What the routes stand on.

    Args:
        records: what the bot keeps.
        token: of the bot that opens the page. It also signs the links to pictures.
        on_this_machine: whether a page of this machine may frame it, as the sandbox does.
        clock: Unix time in seconds.
    """

    records: Records
    token: str
    on_this_machine: bool = False
    clock: Callable[[], float] = time.time


def setup(mini_app: MiniApp, rates: RateLimiter) -> APIRouter:
    """The routes; `rates` limits how often a person may ask."""
    records, links = mini_app.records, PictureLinks(mini_app.token, mini_app.clock)
    router = APIRouter(include_in_schema=False)
    who = Annotated[User, Depends(_admitting(mini_app, rates))]
    framed_by = _THIS_MACHINE if mini_app.on_this_machine else _TELEGRAM

    @router.get("/app")
    async def shell(request: Request) -> Response:
        language = preferred(request.headers.get("accept-language", ""))
        page = _rendered("app.html", language)
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY + framed_by, "Vary": "Accept-Language"})

    @router.get("/app/moles")
    async def body_map(user: who) -> Response:
        language = _language(user)
        moles = wording.shown(await records.moles(user), language)
        points = wording.points(moles, language)
        return HTMLResponse(_rendered("map.html", language, moles=moles, points=points, sides=sides(language)))

    @router.get("/app/moles/{mole_id}")
    async def story(user: who, mole_id: MoleId, bot: Bot = None) -> Response:
        found = await records.mole(user, mole_id)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no_such_mole", "There is no such mole, or no longer.")
        language = _language(user)
        agrees, kept = await records.kept(user)
        steps = wording.time_line(found, kept, lambda each: f"/media/{links.make(user.id, each)}", language)
        content = _rendered(
            "mole.html",
            language,
            steps=steps,
            agrees=agrees,
            chat=None if bot is None else f"https://t.me/{bot}?start=mole_{mole_id}",
        )
        return HTMLResponse(content)

    @router.get("/media/{token}")
    async def picture(token: Annotated[str, Path(max_length=300)]) -> Response:
        named = links.read(token)
        # Who may look is asked anew: an agreement may have been withdrawn since the link was made.
        user = None if named is None else await records.person(named[0])
        content = None if named is None or user is None else await records.picture(user, named[1])
        if user is None or content is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no_picture", "There is no such picture, or the link is too old.")
        _count(rates, user)
        small = await asyncio.to_thread(thumbnail, content)
        return Response(small, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})

    @router.get("/app/body.png")
    async def body() -> Response:
        drawn = await asyncio.to_thread(bare_body)
        return Response(drawn, media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})

    for name, kind in _FILES.items():
        router.add_route(f"/app/{name}", _constant(_content(name), kind), ["GET"])
    return router


def _admitting(mini_app: MiniApp, rates: RateLimiter) -> Callable[..., Awaitable[User]]:
    """A dependency that lets in people whom Telegram's signature names, and who agree to the terms."""

    async def admitted(authorization: Annotated[str, Header()] = "") -> User:
        try:
            if not authorization.startswith(SCHEME):
                raise NotGenuine
            visitor = verified(authorization.removeprefix(SCHEME), mini_app.token, mini_app.clock())
        except NotGenuine:
            raise _unknown("not_genuine", "Open this page from the chat with the bot.") from None
        except Outdated:
            raise _unknown("outdated", "Close this page and open it again from the chat.") from None
        user = await mini_app.records.person(visitor.id)
        if user is None:
            raise Problem(HTTPStatus.FORBIDDEN, "no_access", "There is nothing here for this account.")
        _count(rates, user)
        return user

    return admitted


def _unknown(code: str, detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, code, detail, headers={"WWW-Authenticate": "tma"})


def _count(rates: RateLimiter, user: User) -> None:
    wait = rates.take(("mini app", user.id), REQUESTS_A_MINUTE)
    if wait:
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_often", "Wait a minute.", retry_after=wait)


def _language(user: User) -> str:
    """The language of the chat: what the person chose, or else what their client reported."""
    code = (user.language or "").partition("-")[0].lower()
    return code if code in LANGUAGES else "en"


def _rendered(template: str, language: str, **values: Any) -> str:
    return TEMPLATES.get_template(f"mini_app/{template}").render(
        _=translator(language), language=language, note=not_a_diagnosis(language), **values
    )


def _content(name: str) -> bytes:
    content = (_STATIC / name).read_bytes()
    return content + _positions().encode() if name == "app.css" else content


def _positions() -> str:
    """Where the points are: a class for each place, because the policy forbids styles in the page."""
    return "".join(
        f".place-{place}{{left:{100 * x / WIDTH:.2f}%;top:{100 * y / HEIGHT:.2f}%}}\n"
        for place, (x, y) in MOLE_BADGES.items()
    )


def _constant(content: bytes, kind: str) -> Callable[[Request], Awaitable[Response]]:
    headers: Mapping[str, str] = {"Cache-Control": "public, max-age=3600"}

    async def respond(_request: Request) -> Response:
        return Response(content, media_type=kind, headers=dict(headers))

    return respond
