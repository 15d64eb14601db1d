"""Buttons that the bot never showed, or showed long ago, get a friendly answer and break nothing."""

import logging

import pytest

from bot.ui.callbacks import Explain, HistoryEntry, HistoryPage
from tests.bot.stage import ADMIN, EMMA, Stage

HUGE = 10**30


@pytest.mark.parametrize(
    "data",
    [
        *(f"{prefix}:{number}" for prefix in ("result", "why") for number in (HUGE, 2**63, -1, 0)),
        *(f"{prefix}:{HUGE}" for prefix in ("kinds", "doctor", "right", "give", "follow", "snooze", "mole:open")),
        *(f"{prefix}:{HUGE}" for prefix in ("addto:1", "place:1", "remind:1", "clock", "own:revoke", "shared:open")),
        *(f"{prefix}:{HUGE}:1" for prefix in ("ask", "said", "biopsy", "addto", "place", "remind", "share:r")),
        f"ask:1:{HUGE}:1",
        f"ask:1:0:{HUGE}",
        f"accept:{HUGE}",
        *(f"history:{number}:0" for number in (HUGE, 2**62, -1)),
        f"audit:{HUGE}",
        f"broadcast:send:{HUGE}",
        "language:" + "x" * 50,
        "result:",
        "history:1",
        "no such button",
        "\x00",
    ],
)
async def test_what_no_button_carries_is_answered_and_breaks_nothing(
    stage: Stage, data: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await stage.audience(EMMA)
    calls = stage.sandbox.world.calls
    for user in (EMMA, ADMIN):
        before = len(calls)
        stage.forge(user, data)
        await stage.until(
            lambda before=before: [each for each in list(calls)[before:] if "CallbackQuery" in each.method]
        )  # type: ignore[misc]
    assert [each for each in caplog.records if each.exc_info] == []


async def test_a_page_far_past_the_end_is_the_last_one_and_a_foreign_result_is_not_there(stage: Stage) -> None:
    await stage.audience(EMMA)
    calls = stage.sandbox.world.calls
    stage.forge(EMMA, HistoryPage(number=1_000_000, as_new_message=True).pack())
    await stage.reply(EMMA, "You have no results yet")
    for data in (HistoryEntry(request_id=2**63 - 1).pack(), Explain(request_id=2**63 - 1).pack()):
        before = len(calls)
        stage.forge(EMMA, data)
        await stage.until(
            lambda before=before: [  # type: ignore[misc]
                each for each in list(calls)[before:] if each.params.get("text") == "This result is no longer there."
            ]
        )
