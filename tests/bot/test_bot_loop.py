"""What would hold up the event loop without being seen: types made anew, and long searches for garbage."""

import gc
import subprocess
import sys
import weakref

from aiogram.methods import GetMyName

from benchmarks.load.processes import ROOT
from bot.telegram.client import connect, open_session

FREEZING = """
import gc, os
os.environ["SANDBOX_PORT"] = "0"
import bot.__main__ as program

async def run(settings):
    print(len(gc.get_objects()), gc.get_freeze_count())

program.run = run
program.main()
"""


async def test_the_type_of_an_answer_is_made_once() -> None:
    session = open_session(None)
    bot = connect("1:token", session)

    def answer_type() -> weakref.ref[type]:
        return weakref.ref(type(session.check_response(bot, GetMyName(), 200, '{"ok": true, "result": {"name": "x"}}')))

    first = answer_type()
    gc.collect()
    assert first() is not None, "it was forgotten"
    assert first() is answer_type()()


def test_a_search_for_garbage_passes_over_what_was_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FREEZING], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    searched, frozen = map(int, done.stdout.split())
    assert frozen > 50 * searched
