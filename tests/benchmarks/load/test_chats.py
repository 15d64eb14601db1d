"""How the load tests count what they see in the chats."""

import pytest

from benchmarks.load.chats import Sent

ANSWER = {"caption": "🔵 Watch this spot", "photo": []}
SUMMARY = {"text": "Photo 1: 🔵 Watch this spot"}
OFFER = {"text": "I was restarted just as I answered this photo. If you see no answer, press the button."}


@pytest.mark.parametrize(
    ("photos", "replies", "answers"),
    [
        (1, [], 0),
        (1, [ANSWER], 1),
        (1, [ANSWER, ANSWER], 2),
        (1, [OFFER], 1),
        (1, [ANSWER, OFFER], 1),
        (2, [ANSWER, ANSWER], 0),
        (2, [ANSWER, ANSWER, SUMMARY], 1),
        (2, [SUMMARY, SUMMARY, OFFER], 2),
    ],
)
def test_an_offer_after_a_kill_is_no_second_answer(photos: int, replies: list[dict[str, object]], answers: int) -> None:
    sent = Sent(7, list(range(photos)), 0.0, replies=replies)
    assert sent.answers == answers
