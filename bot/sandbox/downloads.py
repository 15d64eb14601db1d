"""Sends a file to the bot: complete, cut off, slowly, longer than announced, or not at all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from aiohttp import web

from bot.sandbox.faults import Fault

DRIPS = 20
CHUNK = 256 * 1024


async def send_file(request: web.Request, data: bytes, fault: Fault | None) -> web.StreamResponse:
    """Answers with the file, or with what `fault` orders."""
    kind = fault.kind if fault is not None else None
    if fault is None or kind not in ("drop_answer", "drip", "oversized"):
        return web.Response(body=data, content_type="application/octet-stream")
    # A body that is too long must not announce its length.
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


async def spoil(folder: Path, path: str, fault: Fault) -> None:
    """Changes a file of local mode as `fault` orders. `path` is below `folder`."""
    file = folder / path
    if fault.kind == "file_lost":
        await asyncio.to_thread(file.unlink)
    elif fault.kind == "oversized":
        # A sparse file: as long as ordered, but it takes no disk space.
        await asyncio.to_thread(os.truncate, file, file.stat().st_size + fault.surplus)
