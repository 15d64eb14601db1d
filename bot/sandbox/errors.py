"""Refusals in Telegram's own words."""

from __future__ import annotations


class ApiError(Exception):
    """An answer with `ok: false`: an HTTP status, Telegram's description, `retry_after` in seconds on 429."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


def bad_request(what: str) -> ApiError:
    """400, with the prefix that Telegram puts before every reason of that kind."""
    return ApiError(400, f"Bad Request: {what}")


def forbidden(what: str) -> ApiError:
    """403, with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {what}")
