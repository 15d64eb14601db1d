"""Errors in Telegram's own words, or in plain words if Telegram's are unknown."""

from __future__ import annotations


class ApiError(Exception):
    """An answer with `ok: false`: an HTTP status and Telegram's description.

    `retry_after` is in seconds and belongs to 429. `migrate_to_chat_id` is the new id of a group that became a
    supergroup.
    """

    def __init__(
        self,
        code: int,
        description: str,
        *,
        retry_after: int | None = None,
        migrate_to_chat_id: int | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to_chat_id = migrate_to_chat_id


def bad_request(what: str) -> ApiError:
    """400, with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {what}")


def forbidden(what: str) -> ApiError:
    """403, with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {what}")


def too_many_requests(retry_after: int) -> ApiError:
    """429, with the seconds to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
