"""fair_queue: turns go round the owners, and everybody's place can be told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.fair_queue import FairQueue, QueueFull, ShareFull


def called(queue: FairQueue[str]) -> list[str]:
    """Everything that waits, in the order of its turns."""
    turns = []
    while (item := queue.call()) is not None:
        turns.append(item)
    return turns


def test_an_album_takes_one_turn_a_round() -> None:
    queue: FairQueue[str] = FairQueue(limit=100, share=100)
    queue.join("a", [f"a{number}" for number in range(4)])
    queue.join("b", ["b0"])
    queue.join("c", ["c0", "c1"])
    assert queue.call() == "a0"
    # Whoever comes now waits for one photo of each, not for the album.
    queue.join("d", ["d0"])
    assert called(queue) == ["b0", "c0", "a1", "d0", "c1", "a2", "a3"]


def test_limits_hold_until_items_leave_and_not_for_those_accepted_before() -> None:
    queue: FairQueue[str] = FairQueue(limit=4, share=3)
    queue.join("a", ["a0", "a1", "a2"])
    assert queue.call() == "a0"
    with pytest.raises(ShareFull):
        queue.join("a", ["a3"])
    with pytest.raises(QueueFull):
        queue.join("b", ["b0", "b1"])
    assert len(queue) == 3, "all of them or none"
    queue.join("b", ["b0", "b1"], limited=False)
    for item in ("a0", "a0", "b0"):
        queue.leave(item)
    queue.join("a", ["a3"])
    assert called(queue) == ["a1", "b1", "a2", "a3"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=8), st.integers(0, 5))
def test_the_place_that_is_told_is_the_place_one_has(arrivals: list[tuple[int, int]], already: int) -> None:
    queue: FairQueue[str] = FairQueue(limit=1000, share=1000)
    for turn, (owner, count) in enumerate(arrivals):
        queue.join(owner, [f"{owner}-{turn}-{number}" for number in range(count)])
    before = [queue.call() for _ in range(already)]
    started = {item for item in before if item is not None}
    waiting = [item for item in list(queue._owners) if item not in started]
    told = {item: queue.ahead(item) for item in waiting}
    assert all(queue.ahead(item) is None for item in started)
    assert told == {item: len(started) + place for place, item in enumerate(called(queue))}
