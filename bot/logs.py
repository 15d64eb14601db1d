"""Logging: one handler on standard error, as text or JSON lines, without secrets."""

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal
from urllib.parse import quote

HIDDEN = "[hidden]"


class Redacted(logging.Formatter):
    """Formats with another formatter, then removes the secrets from message and traceback.

    It must be the last step, because every URL of a request to Telegram has the token in it, and exceptions of other
    libraries show such URLs.
    """

    def __init__(self, inner: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner = inner
        spellings = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for spelling in self._spellings:
            line = line.replace(spelling, HIDDEN)
        return line


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message and, if any, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up_logging(level: str, style: Literal["console", "json"], secrets: tuple[str, ...]) -> None:
    """Send every record, warning and uncaught exception of this process through one redacting handler."""
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    inner = JsonLines() if style == "json" else text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacted(inner, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # Their lines for every request or statement add nothing to our own lines and may have personal data.
    for noisy in ("aiohttp.access", "aiogram.event", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bot").critical("uncaught exception", exc_info=(kind, error, trace))
