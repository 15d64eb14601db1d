"""The log: one line an event, as text or JSON, and no secret in it however it got there."""

import json
import logging
import subprocess
import sys
from typing import Literal

import pytest
from structlog.contextvars import bound_contextvars

from benchmarks.load.processes import environment
from bot.logs import HIDDEN, Redacted, formatter

TOKEN = "12345:secret-token"


def record(error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("bot.x", logging.ERROR, __file__, 1, "GET %s", (f"/bot{TOKEN}/getMe",), info)


def test_the_token_is_cut_out_of_messages_and_tracebacks_in_every_spelling() -> None:
    redacted = Redacted(formatter("console"), (TOKEN,))
    message = f"url=http://localhost/file/bot{TOKEN}/x and 12345%3Asecret-token"
    try:
        raise ValueError(message)
    except ValueError as error:
        line = redacted.format(record(error))
    assert "secret-token" not in line
    assert line.count(HIDDEN) == 3
    assert "Traceback" in line


def test_json_lines_hold_one_object_each() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        line = Redacted(formatter("json"), (TOKEN,)).format(record(error))
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert entry["logger"] == "bot.x"
    assert entry["message"] == f"GET /bot{HIDDEN}/getMe"
    assert entry["exception"].endswith("two\nlines")
    assert entry["time"].endswith("Z")


def test_uncaught_exceptions_and_warnings_go_through_the_same_handler() -> None:
    script = (
        "import warnings; from bot.logs import set_up_logging\n"
        f"set_up_logging('INFO', 'json', ({TOKEN!r},))\n"
        f"warnings.warn('mind {TOKEN}')\n"
        f"raise RuntimeError('lost {TOKEN}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=False
    )
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    assert [entry["level"] for entry in entries] == ["warning", "critical"]
    assert "secret-token" not in done.stderr


@pytest.mark.parametrize("style", ["console", "json"])
def test_what_is_bound_to_the_context_stands_in_every_line(style: Literal["console", "json"]) -> None:
    redacted = Redacted(formatter(style), (TOKEN,))
    with bound_contextvars(update=77):
        line = redacted.format(record())
    if style == "json":
        assert json.loads(line)["update"] == 77
    else:
        assert "ERROR   bot.x: GET" in line and line.endswith(" update=77")
    assert "update" not in redacted.format(record())
