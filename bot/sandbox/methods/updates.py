"""Receiving: updates by long polling, and files."""

from __future__ import annotations

import asyncio
from typing import Any

from aiogram.methods import DeleteWebhook, GetFile, GetUpdates, GetWebhookInfo
from aiogram.types import File, WebhookInfo

from bot.sandbox.errors import bad_request
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.methods.registry import Registry
from bot.sandbox.state import World

methods = Registry()


@methods.handles(GetUpdates)
async def get_updates(world: World, asked: GetUpdates) -> list[dict[str, Any]]:
    return await world.updates.fetch(asked.offset, asked.limit, asked.timeout, asked.allowed_updates)


@methods.handles(DeleteWebhook)
async def delete_webhook(world: World, asked: DeleteWebhook) -> bool:
    if asked.drop_pending_updates:
        world.updates.drop_pending()
    return True


@methods.handles(GetWebhookInfo)
async def get_webhook_info(world: World, asked: GetWebhookInfo) -> WebhookInfo:
    return WebhookInfo(url="", has_custom_certificate=False, pending_update_count=world.updates.pending)


@methods.handles(GetFile)
async def get_file(world: World, asked: GetFile) -> File:
    stored = world.files.get(asked.file_id)
    if stored.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    path = stored.path
    if world.local_folder is not None:
        path = str(await asyncio.to_thread(stored.save_under, world.local_folder))
    return File(
        file_id=stored.file_id,
        file_unique_id=stored.file_unique_id,
        file_size=stored.size,
        file_path=path,
    )
