"""Mini Apps: what a client hands to the page that a button opens, signed as Telegram signs it.

See core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from urllib.parse import urlencode

from aiogram.types import Message, User

from bot.sandbox.errors import bad_request

# Telegram takes https alone. The sandbox also takes a page of this machine, so that it can be tried out.
_ADDRESS = re.compile(r"https://\S+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?")


def check_address(url: str) -> None:
    """Raises: ApiError 400 on an address that Telegram would not open."""
    if not _ADDRESS.fullmatch(url):
        raise bad_request(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def opened(message: Message, url: str, user: User, token: str) -> str:
    """The init data of the page behind a button of the message. Raises: ApiError 400 if it has no such button."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else []
    if not any(button.web_app and button.web_app.url == url for row in rows for button in row):
        raise bad_request("the message has no such button")
    shown = user.model_dump(include={"id", "first_name", "last_name", "username", "language_code"}, exclude_none=True)
    fields = {
        "query_id": secrets.token_urlsafe(15),
        "user": json.dumps(shown, ensure_ascii=False, separators=(",", ":")),
        "auth_date": str(int(time.time())),
    }
    return urlencode({**fields, "hash": _signature(fields, token)})


def _signature(fields: dict[str, str], token: str) -> str:
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return hmac.new(secret, told.encode(), hashlib.sha256).hexdigest()
