"""Encrypts rows of requests when they are written, and decrypts them when they are read."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from storage.cipher import Cipher, request_place
from storage.errors import StorageError
from storage.records import Completion, Outcome, Received, Request
from storage.tables import requests

logger = logging.getLogger(__name__)

SEALED_TEXTS = ("file_id", "file_unique_id", "reply_file_id", "note")


class SealedRequests:
    """Turns requests into rows and back. Each ciphertext is bound to the person, chat and message of its row."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def opened(self, row: Row[Any]) -> Request:
        """The request of a row. If it cannot be decrypted, it has no file ids and no result, and is not
        `is_readable`."""
        # A query may have joined columns of other tables.
        fields = {column.name: row._mapping[column.name] for column in requests.c}
        fields["outcome"] = Outcome(fields["outcome"])
        try:
            return Request(**{**fields, **self._decrypted(row)})
        except StorageError as error:
            logger.error("request %d: %s", row.id, error)
        lost = {"file_id": "", "file_unique_id": "", "reply_file_id": None, "result": None, "note": None}
        return Request(**{**fields, **lost}, is_readable=False)

    def _decrypted(self, row: Row[Any]) -> dict[str, Any]:
        values: dict[str, Any] = {
            name: self._cipher.open_text(row._mapping[name], _place(row, name))
            for name in SEALED_TEXTS
            if row._mapping[name] is not None
        }
        if row.result is not None:
            values["result"] = self._cipher.open_json(row.result, _place(row, "result"))
        return values

    def moved(self, row: Row[Any], chat_id: int, message_id: int | None = None) -> dict[str, Any]:
        """The values that change when a row moves to another chat, and to another message there.

        Raises StorageError if the row cannot be decrypted.
        """
        identity = {"chat_id": chat_id, "message_id": message_id or row.message_id}
        place = (row.user_id, *identity.values(), row.edited_at)
        values: dict[str, Any] = dict(identity)
        for name, value in self._decrypted(row).items():
            seal = self._cipher.seal_json if name == "result" else self._cipher.seal_text
            values[name] = seal(value, request_place(name, *place))
        return values

    def received(self, received: Received) -> dict[str, Any]:
        """The values of a new row."""
        fields = asdict(received)
        identity = received.user_id, received.chat_id, received.message_id, received.edited_at
        for name in ("file_id", "file_unique_id", "note"):
            if fields[name] is not None:
                fields[name] = self._cipher.seal_text(fields[name], request_place(name, *identity))
        return fields

    def decided(self, row: Row[Any], result: Mapping[str, Any] | None) -> dict[str, Any]:
        """The values that change when the answer is known but not yet sent."""
        return {} if result is None else {"result": self._cipher.seal_json(result, _place(row, "result"))}

    def ended(self, row: Row[Any], end: Completion) -> dict[str, Any]:
        """The values that change when the answer is sent."""
        values = {"outcome": end.outcome, "completed_at": datetime.now(UTC)}
        if row.outcome != Outcome.SENDING:
            # A SENDING request has its result already, and the person may have added to it meanwhile.
            values |= self.decided(row, end.result)
        if end.reply_file_id is not None:
            values["reply_file_id"] = self._cipher.seal_text(end.reply_file_id, _place(row, "reply_file_id"))
        return values

    def answered_again(self, row: Row[Any], result: Mapping[str, Any], reply_file_id: str | None) -> dict[str, Any]:
        """The values that change in a row with another answer."""
        sealed = None if reply_file_id is None else self._cipher.seal_text(reply_file_id, _place(row, "reply_file_id"))
        return {**self.decided(row, result), "reply_file_id": sealed}


def _place(row: Row[Any], column: str) -> str:
    return request_place(column, row.user_id, row.chat_id, row.message_id, row.edited_at)
