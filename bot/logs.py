"""Logging: one handler on standard error, as text or JSON lines, without secrets.

Every record passes through structlog, which adds the values bound to its context: the number of the update, and the
numbers of the requests.
"""

import logging
import sys
from types import TracebackType
from typing import Literal
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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


def formatter(style: Literal["console", "json"]) -> logging.Formatter:
    """Lines with time (UTC, ISO 8601), level, logger, message, bound values, and any exception.

    As JSON, each line is one object. As text, an exception follows on separate lines.
    """
    last: list[Processor] = (
        [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer(ensure_ascii=False)]
        if style == "json"
        else [_as_text]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *last,
        ],
    )


def _as_text(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    time, level, logger = (event.pop(key) for key in ("time", "level", "logger"))
    message, exception = event.pop("event"), event.pop("exception", None)
    bound = "".join(f" {key}={value}" for key, value in event.items())
    line = f"{time} {level.upper():<7} {logger}: {message}{bound}"
    return line if exception is None else f"{line}\n{exception}"


def set_up_logging(level: str, style: Literal["console", "json"], secrets: tuple[str, ...]) -> None:
    """Send every record, warning and uncaught exception of this process through one redacting handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacted(formatter(style), secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # Their lines for every request or statement add nothing to our own lines and may have personal data.
    for noisy in ("aiohttp.access", "aiogram.event", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bot").critical("uncaught exception", exc_info=(kind, error, trace))
