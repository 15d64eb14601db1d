"""Receiving: updates by long polling or by webhook, and files."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from aiogram.methods import DeleteWebhook, GetFile, GetUpdates, GetWebhookInfo, SetWebhook
from aiogram.types import File, WebhookInfo

from bot.sandbox.errors import bad_request
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.methods.registry import Registry
from bot.sandbox.state import World
from bot.sandbox.updates import Webhook

CONNECTIONS = 40
MOST_CONNECTIONS = 100

methods = Registry()


@methods.handles(GetUpdates)
async def get_updates(world: World, asked: GetUpdates) -> list[dict[str, Any]]:
    return await world.updates.fetch(asked.offset, asked.limit, asked.timeout, asked.allowed_updates)


@methods.handles(DeleteWebhook)
async def delete_webhook(world: World, asked: DeleteWebhook) -> bool:
    world.updates.set_webhook(None, None)
    if asked.drop_pending_updates:
        world.updates.drop_pending()
    return True


@methods.handles(SetWebhook)
async def set_webhook(world: World, asked: SetWebhook) -> bool:
    """Like Telegram's method, except for addresses: only this machine is allowed, also with plain HTTP."""
    secret, connections = asked.secret_token or "", asked.max_connections or CONNECTIONS
    if asked.url and not _is_local(asked.url):
        raise bad_request("bad webhook: the sandbox calls this machine only")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    if not 1 <= connections <= MOST_CONNECTIONS:
        raise bad_request(f"max_connections must be from 1 to {MOST_CONNECTIONS}")
    if asked.drop_pending_updates:
        world.updates.drop_pending()
    webhook = Webhook(asked.url, secret, connections) if asked.url else None
    world.updates.set_webhook(webhook, asked.allowed_updates)
    return True


@methods.handles(GetWebhookInfo)
async def get_webhook_info(world: World, asked: GetWebhookInfo) -> WebhookInfo:
    at, words = world.updates.complaint or (None, None)
    webhook = world.updates.webhook
    return WebhookInfo(
        url=webhook.url if webhook else "",
        has_custom_certificate=False,
        pending_update_count=world.updates.pending,
        last_error_date=at,
        last_error_message=words,
    )


def _is_local(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
