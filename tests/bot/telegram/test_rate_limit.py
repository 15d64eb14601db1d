"""The rate limiter for messages about photos and broadcasts, with a simulated clock."""

import asyncio
from itertools import pairwise

import pytest

from bot.telegram.rate_limit import (
    CHATS_KEPT,
    MESSAGES_PER_SECOND,
    PACE,
    BulkRateLimiter,
    MessageKind,
    RateLimiter,
)
from tests.bot import clock

TURN = 1 / MESSAGES_PER_SECOND
HAIR = 1e-6


class Watched:
    """A rate limiter that records its turns: time, kind, and number of messages."""

    def __init__(self) -> None:
        self.rate_limiter = RateLimiter()
        self.bulk = BulkRateLimiter(self.rate_limiter)
        self.sent: list[tuple[float, MessageKind, int]] = []

    async def say(self, kind: MessageKind, messages: int = 1) -> None:
        await self.rate_limiter.acquire(kind, messages)
        self._note(kind, messages)

    async def broadcast(self, people: int) -> None:
        for person in range(people):
            await self.bulk.acquire(person)
            self._note(MessageKind.BROADCAST, 1)

    def times(self, kind: MessageKind) -> list[float]:
        """When each message of a kind went out, in seconds."""
        return [at for at, each, messages in self.sent if each is kind for _ in range(messages)]

    def busiest_second(self) -> int:
        """The most messages within any one second."""
        times = [at for at, _kind, messages in self.sent for _ in range(messages)]
        return max(sum(begin <= at < begin + 1 - 1e-6 for at in times) for begin in times)

    def _note(self, kind: MessageKind, messages: int) -> None:
        self.sent.append((asyncio.get_running_loop().time(), kind, messages))


def test_places_go_before_answers_before_progress_and_albums_have_room_around_them() -> None:
    async def scene() -> Watched:
        watched = Watched()
        given_up = asyncio.create_task(watched.say(MessageKind.ANSWER))
        kinds = [MessageKind.PROGRESS] + [MessageKind.ANSWER] * 4 + [MessageKind.PLACE] * 8
        waiting = [asyncio.create_task(watched.say(kind)) for kind in kinds]
        waiting.append(asyncio.create_task(watched.say(MessageKind.ANSWER, 5)))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(*waiting)
        return watched

    sent = clock.run(scene()).sent
    kinds = [kind for _at, kind, _messages in sent]
    assert kinds[:11].count(MessageKind.PLACE) == 8 and sent[-1][2] == 5
    assert kinds.index(MessageKind.PROGRESS) > kinds.index(MessageKind.ANSWER)
    at = [when for when, _kind, _messages in sent]
    assert at[-2] - at[0] >= 12 * TURN - 1e-6
    assert at[-1] - at[-2] >= 5 * TURN - 1e-6


def test_whoever_has_waited_longest_has_the_next_turn_of_a_kind_though_they_asked_later() -> None:
    async def scene() -> list[int]:
        rate_limiter, order = RateLimiter(), []

        async def ask(since: int) -> None:
            await rate_limiter.acquire(MessageKind.PLACE, since=since)
            order.append(since)

        await rate_limiter.acquire(MessageKind.ANSWER)
        await asyncio.gather(*map(ask, (3, 1, 4, 2)))
        return order

    assert clock.run(scene()) == [1, 2, 3, 4]


def test_a_broadcast_alone_gets_all_turns() -> None:
    async def scene() -> Watched:
        watched = Watched()
        await watched.broadcast(10 * MESSAGES_PER_SECOND + 1)
        return watched

    watched = clock.run(scene())
    assert 10 - 1e-6 < watched.sent[-1][0] < 10.1
    assert watched.busiest_second() == MESSAGES_PER_SECOND


def test_a_broadcast_and_messages_about_photos_share_a_budget_and_neither_starves() -> None:
    answers, albums = 150, 10

    async def scene() -> Watched:
        watched = Watched()
        async with asyncio.TaskGroup() as group:
            group.create_task(watched.broadcast(500))
            await asyncio.sleep(2)
            for number in range(answers):
                group.create_task(watched.say(MessageKind.ANSWER))
                if number < albums:
                    group.create_task(watched.say(MessageKind.ANSWER, 11))
                    group.create_task(watched.say(MessageKind.PLACE))
                    group.create_task(watched.say(MessageKind.PROGRESS))
        return watched

    watched = clock.run(scene())
    assert watched.busiest_second() <= MESSAGES_PER_SECOND
    answered, announced = watched.times(MessageKind.ANSWER), watched.times(MessageKind.BROADCAST)
    assert len(answered) == answers + albums * 11 and len(announced) == 500
    # While people wait, they get four turns of five, and the broadcast goes on with the fifth.
    meanwhile = [at for at in announced if answered[0] <= at <= answered[-1]]
    assert 0.2 < len(meanwhile) / len(answered) < 0.3
    assert max(later - earlier for times in (answered, meanwhile) for earlier, later in pairwise(times)) < 2


def test_an_answer_comes_next_though_a_broadcast_is_under_way() -> None:
    async def scene() -> list[float]:
        watched, waits = Watched(), []
        broadcast = asyncio.create_task(watched.broadcast(1000))
        for _ in range(20):
            await asyncio.sleep(0.33)
            began = asyncio.get_running_loop().time()
            await watched.say(MessageKind.ANSWER)
            waits.append(asyncio.get_running_loop().time() - began)
        broadcast.cancel()
        return waits

    assert max(clock.run(scene())) < 2 * TURN


def test_a_broadcast_that_has_to_pause_holds_up_no_answer() -> None:
    async def scene() -> Watched:
        watched = Watched()
        async with asyncio.TaskGroup() as group:
            group.create_task(watched.broadcast(10))
            await asyncio.sleep(0.1)
            watched.bulk.pause(60)
            for _ in range(MESSAGES_PER_SECOND):
                await watched.say(MessageKind.ANSWER)
        return watched

    watched = clock.run(scene())
    assert watched.times(MessageKind.ANSWER)[-1] < 1.3
    assert not [at for at in watched.times(MessageKind.BROADCAST) if 0.1 < at < 60.1]
    assert len(watched.times(MessageKind.BROADCAST)) == 10


def test_broadcast_turns_of_different_chats_are_a_25th_of_a_second_apart() -> None:
    async def scene() -> float:
        bulk = BulkRateLimiter(RateLimiter())
        for chat in range(11):
            await bulk.acquire(chat)
        return asyncio.get_running_loop().time()

    assert 10 * TURN - HAIR < clock.run(scene()) < 11 * TURN


def times_of(chats: list[int], kind: MessageKind = MessageKind.CHAT) -> list[float]:
    """When messages to these chats, all asked for at once, go out."""

    async def scene() -> list[float]:
        rate_limiter = RateLimiter()

        async def say(chat: int) -> float:
            await rate_limiter.acquire(kind, chat_id=chat)
            return asyncio.get_running_loop().time()

        return await asyncio.gather(*map(say, chats))

    return clock.run(scene())


def test_a_chat_gets_a_few_messages_at_once_and_then_one_a_second() -> None:
    for kind in MessageKind:
        times = sorted(times_of([7] * 20, kind))
        assert times[PACE.burst - 1] < 1
        assert times[PACE.burst :] == pytest.approx([number + 1 for number in range(20 - PACE.burst)])


def test_a_group_gets_twenty_messages_a_minute() -> None:
    times = times_of([-7] * 65)
    busiest = max(sum(begin <= at < begin + 60 for at in times) for begin in times)
    assert PACE.group_per_minute - 1 <= busiest <= PACE.group_per_minute


def test_a_chat_that_has_had_its_share_holds_up_no_other() -> None:
    times = times_of([7] * 500 + [8])
    assert times[-1] < 0.5


def test_an_answer_goes_before_progress_in_one_chat() -> None:
    async def scene() -> list[MessageKind]:
        rate_limiter, order = RateLimiter(), []

        async def say(kind: MessageKind) -> None:
            await rate_limiter.acquire(kind, chat_id=7)
            order.append(kind)

        await asyncio.gather(*(say(MessageKind.CHAT) for _ in range(PACE.burst)))
        await asyncio.gather(*map(say, [MessageKind.PROGRESS] * 3 + [MessageKind.ANSWER]))
        return order

    assert clock.run(scene())[PACE.burst] is MessageKind.ANSWER


def test_silence_is_kept_whatever_its_length_by_the_chat_alone() -> None:
    async def scene() -> tuple[float, float]:
        rate_limiter, time = RateLimiter(), asyncio.get_running_loop().time
        waiting = asyncio.create_task(rate_limiter.admit(7, 1))
        rate_limiter.hold(7, 6000)
        await asyncio.sleep(1)
        await rate_limiter.admit(8, 1)
        other = time()
        await asyncio.gather(waiting, rate_limiter.admit(7, 1), rate_limiter.until_allowed(7))
        return other, time()

    other, silent = clock.run(scene())
    assert other < 1.1 and 6000 - HAIR < silent < 6001


def test_a_turn_that_was_acquired_is_used_by_the_next_message_to_the_chat() -> None:
    async def scene() -> list[float]:
        rate_limiter, time = RateLimiter(), asyncio.get_running_loop().time
        times = []
        for _ in range(PACE.burst + 2):
            await rate_limiter.acquire(MessageKind.ANSWER, chat_id=7)
            await rate_limiter.admit(7, 1)
            times.append(time())
        return times

    assert clock.run(scene())[-2:] == pytest.approx([1, 2])


def test_chats_that_are_quiet_again_are_forgotten() -> None:
    async def scene() -> int:
        rate_limiter = RateLimiter()
        for chat in range(3 * CHATS_KEPT):
            await rate_limiter.admit(chat, 1)
        return len(rate_limiter._chats)

    assert clock.run(scene()) <= CHATS_KEPT + 1


def test_time_not_used_is_not_made_up_for() -> None:
    async def scene() -> float:
        bulk = BulkRateLimiter(RateLimiter())
        await bulk.acquire(0)
        await asyncio.sleep(0.5)
        for chat in range(1, 7):
            await bulk.acquire(chat)
        return asyncio.get_running_loop().time()

    assert clock.run(scene()) >= 0.5 + 5 * TURN - HAIR


def test_a_pause_holds_up_even_those_who_wait_already_for_their_time_or_in_its_queue() -> None:
    async def scene(chat: int, ahead: int) -> float:
        rate_limiter = RateLimiter()
        bulk = BulkRateLimiter(rate_limiter)
        await bulk.acquire(1)
        others = [asyncio.create_task(rate_limiter.acquire(MessageKind.ANSWER)) for _ in range(ahead)]
        waiting = asyncio.create_task(bulk.acquire(chat))
        await asyncio.sleep(0)
        bulk.pause(5)
        await asyncio.gather(waiting, *others)
        return asyncio.get_running_loop().time()

    for chat, ahead in ((1, 0), (2, 0), (2, 20)):
        assert 5 - HAIR < clock.run(scene(chat, ahead)) < 5.1
