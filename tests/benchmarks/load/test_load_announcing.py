"""An announcement through failures and kills, shortened; `make announcing` measures the whole."""

from pathlib import Path

import pytest

from benchmarks.load import report
from benchmarks.load.announcing import announce
from benchmarks.load.meters import Memory
from bot.samples import sample


# The bot starts four times, with its networks.
@pytest.mark.timeout(600)
async def test_through_faults_and_two_kills_nobody_is_missed_or_doubled_and_photos_are_answered(
    tmp_path: Path,
) -> None:
    outcome, _log = await announce(300, 2.0, [sample("mole")], 3, tmp_path, {}, Memory())
    assert (outcome.doubled, outcome.unexplained) == (0, 0)
    # One failure is ordered, and a kill leaves at most ten uncertain; all others have got it.
    assert 300 - 21 <= outcome.received <= 300
    assert outcome.lines[0] == "📣 The announcement is sent."
    assert outcome.photos and report.faults(outcome.photos) == (0, 0)
