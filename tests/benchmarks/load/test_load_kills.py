"""Everything killed among photos, shortened; `make kills` measures the whole."""

from pathlib import Path

import pytest

from benchmarks.load.kills import kill_all
from benchmarks.load.report import print_doubled
from benchmarks.load.servers import Server
from bot.samples import sample
from tests.storage.servers import any_server, server

__all__ = ["any_server", "server"]


# Six processes are started, and some of them twice.
@pytest.mark.timeout(900)
async def test_kills_of_everything_lose_and_double_nothing(
    compiled_translations: None, server: Server, tmp_path: Path
) -> None:
    outcome = await kill_all(1, 0.5, [sample("mole"), sample("uneven")], 2, tmp_path)
    print_doubled(outcome.sent)
    assert outcome.kills == 4 and outcome.sent
    assert (outcome.lost, outcome.doubled) == (0, 0)
