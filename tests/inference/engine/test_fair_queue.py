"""fair_queue: the owner who has used the least working time is next, and every place can be told."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.fair_queue import SLOW_OF_AN_OWNER, FairQueue, QueueFull, ShareFull


class Clock:
    """A clock that the test advances."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def queue_of(limit: int = 1000, share: int = 1000, typical: float = 1.0) -> tuple[FairQueue[str], Clock]:
    clock = Clock()
    return FairQueue(limit, share, lambda: typical, clock), clock


def prepare_all(queue: FairQueue[str]) -> list[str]:
    """Everything that waits is called and prepared; gives the order in which it was called."""
    called = []
    while (item := queue.call()) is not None:
        called.append(item)
        queue.mark_ready(item)
    return called


def work(queue: FairQueue[str], clock: Clock, seconds: Callable[[str], float] = lambda item: 1.0) -> list[str]:
    """Everything is worked on, one after the other; gives the order."""
    done = []
    prepare_all(queue)
    while (item := queue.start()) is not None:
        clock.now += seconds(item)
        queue.leave(item)
        done.append(item)
    return done


def test_an_album_takes_one_turn_a_round() -> None:
    queue, clock = queue_of()
    queue.join("a", [f"a{number}" for number in range(4)])
    queue.join("b", ["b0"])
    queue.join("c", ["c0", "c1"])
    assert work(queue, clock) == ["a0", "b0", "c0", "a1", "c1", "a2", "a3"]


def test_what_is_called_ahead_takes_turns_like_the_rest() -> None:
    queue, clock = queue_of()
    queue.join("a", [f"a{number}" for number in range(4)])
    assert prepare_all(queue) == ["a0", "a1", "a2", "a3"]
    assert queue.start() == "a0"
    # Three of an album are prepared already. Whoever comes now goes before them all the same.
    queue.join("b", ["b0"])
    assert queue.ahead("b0") == 1
    clock.now += 1
    queue.leave("a0")
    assert work(queue, clock) == ["b0", "a1", "a2", "a3"]


def test_a_share_is_counted_in_seconds_and_not_in_pieces() -> None:
    queue, clock = queue_of(typical=0.1)
    queue.join("costly", [f"costly{number}" for number in range(4)])
    queue.join("cheap", [f"cheap{number}" for number in range(40)])
    done = work(queue, clock, lambda item: 5.0 if item.startswith("costly") else 0.1)
    # The second costly one comes when the others have had five seconds too: after all forty.
    assert done[0] == "costly0" and done.index("costly1") == 41


def test_whoever_comes_beside_costly_things_waits_for_one_of_them_and_is_told_so() -> None:
    queue, clock = queue_of(typical=0.1)
    queue.join("costly", [f"costly{number}" for number in range(6)])
    prepare_all(queue)
    assert queue.start() == "costly0"
    clock.now += 20
    queue.join("other", ["photo"])
    # Nothing is known but that the one at work has taken 20 s: it is taken to be half done.
    assert queue.seconds("photo") == pytest.approx(20.1)
    clock.now += 10
    queue.leave("costly0")
    prepare_all(queue)
    assert queue.ahead("photo") is None
    assert queue.start() == "photo"


def test_nobody_starves_those_who_wait_by_coming_again_and_again() -> None:
    queue, clock = queue_of()
    queue.join("album", [f"album{number}" for number in range(3)])
    done = []
    for number in range(20):
        queue.join(f"new{number}", [f"new{number}"])
        prepare_all(queue)
        item = queue.start()
        assert item is not None
        clock.now += 1
        queue.leave(item)
        done.append(item)
    assert {"album0", "album1", "album2"} <= set(done)


def test_whoever_leaves_and_comes_back_has_not_gained_by_it() -> None:
    queue, clock = queue_of()
    queue.join("patient", ["patient0", "patient1"])
    for turn in range(3):
        queue.join("eager", [f"eager{turn}"])
        if turn == 0:
            queue.join("third", ["third0"])
    prepare_all(queue)
    order = []
    while (item := queue.start()) is not None:
        clock.now += 10 if item == "eager0" else 1
        queue.leave(item)
        order.append(item)
        if item == "eager0":
            for each in ("eager1", "eager2"):
                queue.leave(each)
            queue.join("eager", ["eager9"])
            prepare_all(queue)
    assert order[-1] == "eager9"


def test_slow_preparations_hold_up_nobody_and_one_owner_has_few_of_them() -> None:
    queue, _ = queue_of()
    queue.join("slow", [f"slow{number}" for number in range(9)])
    called = [queue.call() for _ in range(SLOW_OF_AN_OWNER)]
    for item in called:
        assert item is not None
        queue.mark_slow(item)
    assert queue.called == 0
    assert queue.call() is None
    queue.join("other", ["photo"])
    assert queue.call() == "photo"
    for item in called:
        assert item is not None
        queue.leave(item)
    assert queue.call() == f"slow{SLOW_OF_AN_OWNER}"


def test_limits_hold_until_items_leave() -> None:
    queue, clock = queue_of(limit=4, share=3)
    queue.join("a", ["a0", "a1", "a2"])
    prepare_all(queue)
    assert queue.start() == "a0"
    queue.finish("a0")
    with pytest.raises(ShareFull):
        queue.join("a", ["a3"])
    with pytest.raises(QueueFull):
        queue.join("b", ["b0", "b1"])
    assert len(queue) == 3, "all of them or none"
    for item in ("a0", "a0"):
        queue.leave(item)
    queue.join("a", ["a3"])
    assert sorted(work(queue, clock)) == ["a1", "a2", "a3"]
    assert len(queue) == 0


def test_promised_room_comes_in_order_and_before_newcomers() -> None:
    queue, clock = queue_of(limit=4, share=3)
    queue.join("a", ["a0", "a1"])
    queue.join("b", ["b0"])
    album, single = queue.promise("c", 3), queue.promise("d", 1)
    assert not queue.has_room(album) and not queue.has_room(single)
    with pytest.raises(QueueFull):
        queue.join("e", ["e0"])
    with pytest.raises(QueueFull):
        queue.join("d", ["d0"], single)
    assert work(queue, clock)
    assert queue.has_room(album) and not queue.has_room(single)
    queue.join("c", ["c0", "c1", "c2"], album)
    queue.forgo(album)
    assert queue.has_room(single)
    queue.join("d", ["d0"], single)
    queue.forgo(single)
    queue.leave("d0")
    queue.join("e", ["e0"])


def test_a_promise_that_waits_for_its_owner_alone_holds_up_nobody() -> None:
    queue, _clock = queue_of(limit=6, share=2)
    queue.join("a", ["a0", "a1"])
    own, other = queue.promise("a", 1), queue.promise("b", 1)
    assert not queue.has_room(own) and queue.has_room(other)
    queue.forgo(other)
    queue.join("c", ["c0"])
    queue.leave("a0")
    assert queue.has_room(own)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=8), st.integers(0, 5))
def test_the_place_that_is_told_is_the_place_one_has(arrivals: list[tuple[int, int]], already: int) -> None:
    queue, clock = queue_of()
    for turn, (owner, count) in enumerate(arrivals):
        queue.join(owner, [f"{owner}-{turn}-{number}" for number in range(count)])
    prepare_all(queue)
    for _ in range(already):
        if (item := queue.start()) is not None:
            clock.now += 1
            queue.leave(item)
    waiting = list(queue._items)
    told = {item: queue.ahead(item) or 0 for item in waiting}
    seconds = {item: queue.seconds(item) for item in waiting}
    done = work(queue, clock)
    assert told == {item: place for place, item in enumerate(done)}
    assert seconds == {item: place + 1 for place, item in enumerate(done)}
