"""What leaves the bot for those who watch it: lines of the log, and reports to Sentry. Neither names anybody."""

import asyncio
import gzip
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientSession, web

from benchmarks.load.processes import TOKEN, BotProcess, environment
from bot.samples import sample
from tests.e2e.playing import Person

PATIENT = 4_815_162_342
NAME = "Desdemona"
CAPTION = "under my left knee"


class Sentry:
    """Plays Sentry: keeps what is sent to it."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        text = gzip.decompress(body).decode() if body.startswith(b"\x1f\x8b") else body.decode()
        self.received.append(f"{request.path} {dict(request.headers)}\n{text}")
        self.came.set()
        return web.json_response({})


@pytest_asyncio.fixture
async def sentry() -> AsyncIterator[tuple[Sentry, str]]:
    """A server that takes reports, and its DSN."""
    sentry = Sentry()
    application = web.Application()
    application.add_routes([web.post("/api/{project}/envelope/", sentry.take)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield sentry, f"http://publickey@127.0.0.1:{runner.addresses[0][1]}/1"
    await runner.cleanup()


async def test_no_id_and_no_word_of_a_person_is_in_a_report_or_in_the_log(
    own_api_url: str, folder: Path, http: ClientSession, sentry: tuple[Sentry, str]
) -> None:
    taken, dsn = sentry
    bot = BotProcess(own_api_url, folder, {"SENTRY_DSN": dsn, "LOG_LEVEL": "INFO", "LOG_FORMAT": "json"})
    bot.start()
    try:
        person = await Person(http, own_api_url, PATIENT, NAME, "en").join()
        await person.agree()
        await person.send_photos(sample("mole"), caption=CAPTION)
        answer = await person.answered()
        # Telegram refuses what is said next, in words that hold the number of the chat.
        await person.faults({"kind": "409", "method": "sendMessage"})
        await person.write("/help")
        async with asyncio.timeout(60):
            await taken.came.wait()
        files = [size["file_id"] for size in answer["photo"]]
    finally:
        await asyncio.to_thread(bot.stop)
    log, reports = bot.log.read_text(), "\n".join(taken.received)
    assert "TelegramConflictError" in log and "update %d failed" in reports
    for personal in (str(PATIENT), NAME, CAPTION, TOKEN, TOKEN.partition(":")[2], *files):
        assert personal not in log
        assert personal not in reports
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    [taken_up] = [each for each in lines if "taken up" in each["message"]]
    [answered] = [each for each in lines if "is answered" in each["message"]]
    assert taken_up["update"] == answered["update"] > 0


async def test_an_error_of_our_own_is_reported_by_its_place_alone(sentry: tuple[Sentry, str]) -> None:
    taken, dsn = sentry
    script = (
        "import logging, sys\n"
        "from bot.error_reports import report_errors\n"
        "report_errors(sys.argv[1])\n"
        "def fail(patient):\n"
        "    raise ValueError(f'no such chat {patient}')\n"
        "try:\n"
        f"    fail({PATIENT})\n"
        "except ValueError:\n"
        f"    logging.getLogger('bot.x').exception('user %d of %s', {PATIENT}, '{NAME}', extra={{'who': '{NAME}'}})\n"
        "import sentry_sdk; sentry_sdk.flush(20)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, dsn, env=environment())
    assert await process.wait() == 0
    [report] = taken.received
    assert str(PATIENT) not in report and NAME not in report
    for place in ('"type":"ValueError"', '"function":"fail"', '"logger":"bot.x"', "user %d of %s"):
        assert place in report.replace(": ", ":")
