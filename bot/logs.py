"""Logging: one handler on standard error, as text or JSON lines, from which secrets are cut out."""

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal
from urllib.parse import quote

HIDDEN = "[hidden]"


class Redacted(logging.Formatter):
    """Formats through another formatter, then cuts the secrets out of everything: message and traceback.

    It has to be the last step, because the address of every request to Telegram holds the token and
    such addresses turn up inside other libraries' exceptions.
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
    # One line for every request or statement says nothing that our own lines do not, and may hold data.
    for noisy in ("aiohttp.access", "aiogram.event", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bot").critical("uncaught exception", exc_info=(kind, error, trace))
