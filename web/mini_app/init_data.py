"""Who has opened the Mini App: what Telegram's client hands to the page, and how it is checked.

The algorithm is that of core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app: the bot's token makes
a key, and the key signs every field but the signature itself, sorted and joined by line feeds. The web service does
without aiogram, whose check also raises TypeError for a signature with letters beyond ASCII.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

VALID_SECONDS: Final = 3600
"""The page asks for its content when it is opened, so an hour is ample, and what has leaked is soon of no use."""
_AHEAD_SECONDS: Final = 60  # Telegram's clock may be ahead of ours


class NotGenuine(Exception):
    """It was not signed for this bot, or names nobody."""


class Outdated(Exception):
    """It was signed too long ago."""


@dataclass(frozen=True)
class Visitor:
    """Who looks: the number of their Telegram account, and the language of their client."""

    id: int
    language: str | None


def verified(init_data: str, token: str, now: float) -> Visitor:
    """Whom signed data name.

    Args:
        init_data: as the client gave it to the page, a query string.
        token: the bot's.
        now: Unix time in seconds.

    Raises:
        NotGenuine: it was altered, or signed with another token.
        Outdated: it is older than an hour.
    """
    pairs = parse_qsl(init_data, keep_blank_values=True)
    fields = dict(pairs)
    given = fields.pop("hash", "")
    # A field given twice could be read in two ways.
    if len(fields) + 1 != len(pairs):
        raise NotGenuine
    if not hmac.compare_digest(_signature(fields, token).encode(), given.encode()):
        raise NotGenuine
    try:
        signed_at, user = int(fields["auth_date"]), json.loads(fields["user"])
        visitor = Visitor(int(user["id"]), user.get("language_code"))
    except (KeyError, TypeError, ValueError):
        raise NotGenuine from None
    if not -_AHEAD_SECONDS <= now - signed_at <= VALID_SECONDS:
        raise Outdated
    return visitor


def _signature(fields: dict[str, str], token: str) -> str:
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
