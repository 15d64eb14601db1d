"""Sends errors to Sentry if SENTRY_DSN is set. A report says where it failed, and has no data on people.

Of an exception, it contains the type and the lines of code. Of a log message, it contains the text without arguments.
It never contains values of variables, URLs, Telegram's messages or the text of an exception.
"""

import logging
from typing import TYPE_CHECKING, Any

from bot.errors import StartupError

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release")
OF_A_FRAME = ("filename", "function", "module", "lineno")


def report_errors(dsn: str | None) -> None:
    """Report every logged error from now on. Raises StartupError if this is impossible."""
    if dsn is None:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise StartupError("SENTRY_DSN is set, but sentry-sdk is not installed: pip install sentry-sdk") from None
    try:
        sentry_sdk.init(
            dsn,
            # Integrations would add data such as URLs, headers, SQL statements and host names.
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
            before_send=_stripped,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
        )
    except BadDsn as error:
        raise StartupError(f"SENTRY_DSN: {error}") from None


def _stripped(event: "Event", _hint: "Hint") -> "Event":
    """Only the fields that are known to be about the program."""
    given: dict[str, Any] = dict(event)
    kept: dict[str, Any] = {name: given[name] for name in KEPT if name in given}
    if message := given.get("logentry", {}).get("message"):
        kept["logentry"] = {"message": message}
    if values := given.get("exception", {}).get("values"):
        kept["exception"] = {"values": [_exception(each) for each in values]}
    return kept  # type: ignore[return-value]


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", ())
    stripped = [{name: frame[name] for name in OF_A_FRAME if name in frame} for frame in frames]
    return {"type": value.get("type"), "module": value.get("module"), "stacktrace": {"frames": stripped}}
