"""A recipient who has to be waited for holds up nobody else."""

import pytest

from bot.sandbox.faults import Fault
from tests.bot.stage import ADMIN, Stage

READERS = range(2001, 2061)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operator.deliveries.MOST_UNDER_WAY", 20)
    monkeypatch.setattr("bot.operator.deliveries.BATCH", 40)


def served(stage: Stage) -> int:
    return sum(stage.deliveries(reader, "A better model.") for reader in READERS)


@pytest.mark.usefixtures("small_batches")
async def test_a_message_that_hangs_keeps_no_other_recipient_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the test waits.
    monkeypatch.setattr("bot.operator.deliveries.SEND_TIMEOUT_S", 600)
    await stage.audience(*READERS)
    question = await stage.draft()
    stage.sandbox.world.faults.faults.append(Fault(kind="slow", method="sendMessage", chat_id=2003, seconds=600))
    stage.press(question, "📣 Send it")
    await stage.until(lambda: served(stage) == len(READERS) - 1)
    assert stage.finished(question) is None


@pytest.mark.usefixtures("small_batches")
async def test_one_that_hangs_until_it_is_given_up_is_no_outage_and_not_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operator.deliveries.SEND_TIMEOUT_S", 1)
    await stage.audience(*READERS)
    question = await stage.draft()
    stage.sandbox.world.faults.faults.append(Fault(kind="slow", method="sendMessage", chat_id=2003, seconds=600))
    stage.press(question, "📣 Send it")
    await stage.until(lambda: stage.finished(question))
    calls = list(stage.sandbox.world.calls)
    assert [each.method for each in calls if each.chat_id == 2003 and each.method == "sendMessage"] == ["sendMessage"]
    assert served(stage) == len(READERS) - 1
    begin = next(number for number, each in enumerate(calls) if each.chat_id == READERS[0])
    assert "getMe" not in [each.method for each in calls[begin:]], "nothing was probed"


@pytest.mark.usefixtures("small_batches")
async def test_chats_that_have_to_be_silent_for_long_hold_up_neither_others_nor_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.rate_limit.LONGEST_PAUSE_S", 0.1)
    await stage.audience(*READERS)
    question = await stage.draft()
    # More than may be on their way at once.
    silent = READERS[3:18]
    faults = [Fault(kind="429", method="sendMessage", chat_id=each, retry_after=600) for each in silent]
    stage.sandbox.world.faults.faults.extend(faults)
    stage.press(question, "📣 Send it")
    await stage.until(lambda: served(stage) == len(READERS) - len(silent))
    progress = stage.sandbox.world.people[ADMIN].messages[question.message_id]
    stage.press(progress, "Cancel")
    await stage.reply(ADMIN, f"Received: {len(READERS) - len(silent)} of {len(READERS)}")
