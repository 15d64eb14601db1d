"""Protection against other web sites: only the sandbox's own page may talk to it from a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
# A Mini App is a frame in the page.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; frame-src https: http://127.0.0.1:* http://localhost:*; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses a request by a foreign host name (DNS rebinding) or from a foreign page, with 403."""
    name, _, _ = request.host.rpartition(":") if _has_port(request.host) else (request.host, "", "")
    origin = request.headers.get("Origin")
    if name not in LOOPBACK_NAMES or (origin is not None and origin != f"http://{request.host}"):
        raise web.HTTPForbidden(text="This server answers its own page on this machine only.")
    # A link on another site may open the page itself but nothing else.
    opened = request.path == "/" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and not opened:
        raise web.HTTPForbidden(text="This server answers its own page only.")
    return await handler(request)


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Headers for every answer: no guessed types, no frames, no foreign scripts."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")


def _has_port(host: str) -> bool:
    return ":" in host.removeprefix("[::1]")
