"""How a file reaches the bot: whole, cut off, drop by drop, or longer than announced."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.sandbox.faults import Fault

DRIPS = 20
CHUNK = 256 * 1024


async def send_file(request: web.Request, data: bytes, fault: Fault | None) -> web.StreamResponse:
    """Answers with the file, or with what `fault` makes of it."""
    kind = fault.kind if fault is not None else None
    if fault is None or kind not in ("drop_answer", "drip", "oversized"):
        return web.Response(body=data, content_type="application/octet-stream")
    # A body that is longer than it should be cannot announce its length.
    headers = {} if kind == "oversized" else {"Content-Length": str(len(data))}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if kind == "drop_answer":
        await response.write(data[: len(data) // 2])
        if request.transport is not None:
            request.transport.close()
    elif kind == "drip":
        size = max(-(-len(data) // DRIPS), 1)
        for start in range(0, len(data), size):
            await response.write(data[start : start + size])
            await asyncio.sleep(fault.seconds / DRIPS)
    else:
        await response.write(data)
        for start in range(0, fault.surplus, CHUNK):
            await response.write(bytes(min(CHUNK, fault.surplus - start)))
    return response
