"""The program as it starts."""

import subprocess
import sys

from benchmarks.load.processes import ROOT

FREEZING = """
import gc, os
os.environ["SANDBOX_PORT"] = "0"
import bot.__main__ as program

async def run(settings, pace):
    print(len(gc.get_objects()), gc.get_freeze_count())

program.run = run
program.main()
"""


def test_a_search_for_garbage_passes_over_what_was_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FREEZING], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    searched, frozen = map(int, done.stdout.split())
    assert frozen > 50 * searched
