"""Recognises a photo that its sender has sent before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inference.analysis import Analysis
from inference.pipeline.fingerprint import is_same
from storage.database import Database
from storage.records import Request


async def sent_before(database: Database, request: Request, analysis: Analysis) -> datetime | None:
    """The time when the photo of a request was first sent, among its sender's latest answers; None if it is new."""

    def matches(result: Mapping[str, Any]) -> bool:
        return is_same(analysis.fingerprint, result.get("fingerprint", ""))

    return await database.history.first_before(request, matches)
