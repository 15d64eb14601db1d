"""Explanations of answers: who gets one, when, and what happens to one that is not given yet."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from benchmarks.load.chats import is_progress
from bot.photos.asked import received
from bot.photos.explaining import Explainer
from bot.photos.recovery import explain
from bot.photos.second_reading import SecondReader
from bot.results import Result, Trouble, to_stored
from bot.samples import sample
from bot.sandbox.faults import Fault
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot, connect, open_session
from bot.telegram.rate_limit import MESSAGES_PER_SECOND, MessageKind, RateLimiter
from bot.ui.actions import keyboard
from bot.ui.apologies import apology
from bot.ui.callbacks import Explain
from bot.ui.i18n import load_i18n
from inference.analysis import Analysis, Quality, Refusal, Risk
from inference.drawing.words import CaptionOptions
from inference.engine.engine import Engine, Explanation, QueuePlace
from storage.database import Database
from storage.records import Outcome
from tests.bot.examples import result_for, visible
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, HASTY, IVAN, Stage


async def answered(stage: Stage, user: int, result: Result) -> int:
    """The number of a request that was closed before, as the inbox keeps it; Telegram has its file."""
    await stage.audience(user)
    [sent] = await stage.people.send_photos(user, [sample("mole")], None)
    # The engine is not running: the photo itself is apologised for.
    await stage.reply(user, "I could not read this photo", after=sent.message_id)
    request, _ = await stage.database.requests.record(
        **asdict(received(sent)) | {"message_id": 10_000 + sent.message_id}
    )
    outcome = Outcome.ANSWERED if result.label else Outcome.REFUSED
    await stage.database.requests.complete(request.id, outcome, to_stored(result, None), None)
    return request.id


def explainer_of(
    bot: RetryingBot,
    database: Database,
    engine: Engine,
    supervisor: Supervisor | None = None,
    limiter: RateLimiter | None = None,
) -> Explainer:
    """An explainer with parts of its own."""
    limiter = limiter or RateLimiter()
    reader = SecondReader(bot, database, engine, limiter)
    return Explainer(bot, database, reader, load_i18n(), supervisor or Supervisor(), limiter)


async def press(stage: Stage, user: int, request_id: int) -> tuple[str, int]:
    """Press the button of any request, under a message of one's own; returns press and message."""
    with load_i18n().context():
        markup = keyboard(result_for("nv", Risk.LOW), request_id)
        shown = await stage.bot.send_message(user, "an answer", reply_markup=markup)
    pressed = stage.people.press(user, shown.message_id, Explain(request_id=request_id).pack())
    return pressed.callback_query_id, shown.message_id


@pytest.fixture
async def answer_of_emma(stage: Stage) -> int:
    return await answered(stage, EMMA, result_for("nv", Risk.LOW))


async def test_where_a_photo_cannot_be_read_again_its_owner_learns_why(stage: Stage, answer_of_emma: int) -> None:
    pressed, under = await press(stage, EMMA, answer_of_emma)
    said = await stage.reply(EMMA, "I could not read this photo", after=under)
    assert "How to take a good photo" in str(said.reply_markup)
    assert await stage.alert(EMMA, pressed) is None


async def test_nobody_gets_what_is_not_theirs_or_was_never_answered(stage: Stage, answer_of_emma: int) -> None:
    refused = await answered(stage, EMMA, Result(reason=Refusal.BLURRED))
    await stage.audience(IVAN)
    for user, request, gone in (
        (IVAN, answer_of_emma, "Этого результата больше нет."),
        (EMMA, refused, "This result is no longer there."),
    ):
        pressed, under = await press(stage, user, request)
        assert await stage.alert(user, pressed) == gone
        assert stage.heard(user)[-1].message_id == under


async def test_explanations_wait_their_turn_among_the_photos_of_their_owner(stage: Stage, answer_of_emma: int) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    engine = Engine(IdlePool(), owner_limit=5)
    explainer = explainer_of(stage.bot, stage.database, engine)
    before = max(stage.sandbox.world.people[EMMA].messages)
    with engine.queue(EMMA, 5):
        await explainer.explain(request)
    with load_i18n().context():
        refused = apology(Trouble.TOO_MANY)
    assert (await stage.reply(EMMA, "", after=before)).text == visible(refused)


class BrokenEngine(Engine):
    """Fails with an unexpected error."""

    @contextmanager
    def queue(self, owner: object, photos: int) -> Iterator[list[QueuePlace]]:
        raise ValueError("broken")
        yield []


async def test_an_explanation_is_owed_until_it_is_given_or_cannot_be(
    stage: Stage, answer_of_emma: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, supervisor = stage.database, Supervisor()
    request = await database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    await database.requests.owe_explanation(request.id)
    with pytest.raises(ValueError, match="broken"):
        broken = BrokenEngine(IdlePool())
        await explainer_of(stage.bot, database, broken).explain(request)
    assert await database.requests.unexplained() == []

    await database.requests.owe_explanation(request.id)
    stage.sandbox.world.faults.faults.append(Fault(kind="drop", method="sendMessage", times=2))
    before = max(stage.sandbox.world.people[EMMA].messages)
    monkeypatch.setattr("bot.telegram.outages.AGAIN_SECONDS", 0.01)
    async with open_session(stage.sandbox.base_url) as session:
        hasty = connect(stage.sandbox.token, session, HASTY)
        explainer = explainer_of(hasty, database, Engine(IdlePool()), supervisor)
        await explainer.explain(request)
        assert [each.id for each in await database.requests.unexplained()] == [request.id], "Telegram is out of reach"
        await stage.reply(EMMA, "I could not read this photo", after=before)
        async with asyncio.timeout(20):
            while await database.requests.unexplained():
                pass
        await supervisor.stop()


async def test_an_explanation_that_a_stop_left_owed_is_given_at_the_next_start(
    stage: Stage, answer_of_emma: int
) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    await stage.database.requests.owe_explanation(request.id)
    before = max(stage.sandbox.world.people[EMMA].messages)
    await explain([request], stage.application.explainer)
    assert await stage.database.requests.unexplained() == []
    await stage.reply(EMMA, "I could not read this photo", after=before)


async def test_whoever_presses_twenty_times_gets_one_explanation(stage: Stage, answer_of_emma: int) -> None:
    before = max(stage.sandbox.world.people[EMMA].messages)
    with load_i18n().context():
        markup = keyboard(result_for("nv", Risk.LOW), answer_of_emma)
        shown = await stage.bot.send_message(EMMA, "an answer", reply_markup=markup)
    data = Explain(request_id=answer_of_emma).pack()
    presses = [stage.people.press(EMMA, shown.message_id, data).callback_query_id for _ in range(19)]
    await stage.reply(EMMA, "I could not read this photo", after=before)
    for each in [*presses, stage.people.press(EMMA, shown.message_id, data).callback_query_id]:
        await stage.alert(EMMA, each)
    await stage.say(EMMA, "/help", "What the answer means")
    assert await stage.database.requests.unexplained() == []
    later = [each for each in stage.heard(EMMA) if each.message_id > before]
    assert sum("I could not read this photo" in (each.text or "") for each in later) == 1


class ReadyPool(IdlePool):
    """Explains everything at once."""

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return Explanation(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None, None)


async def test_an_explanation_is_sent_in_its_turn_among_the_answers(stage: Stage, answer_of_emma: int) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    rate_limiter, engine = RateLimiter(), Engine(ReadyPool(), owner_limit=5)
    explainer = explainer_of(stage.bot, stage.database, engine, limiter=rate_limiter)
    for photos in (0, 5):  # of the owner's in the queue: it is read again, or there are too many
        await rate_limiter.acquire(MessageKind.ANSWER, MESSAGES_PER_SECOND)
        began = time.monotonic()
        with engine.queue(EMMA, photos):
            await explainer.explain(request)
        assert time.monotonic() - began > 0.95


async def test_how_long_ago_a_photo_came_does_not_count_as_a_wait_for_its_explanation(
    stage: Stage, answer_of_emma: int
) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    engine = Engine(ReadyPool())
    explainer = explainer_of(stage.bot, stage.database, engine, limiter=stage.application.rate_limiter)
    await stage.application.rate_limiter.acquire(MessageKind.ANSWER, MESSAGES_PER_SECOND)
    stage.sandbox.world.calls.clear()
    await explainer.explain(replace(request, created_at=request.created_at - timedelta(days=1)))
    assert not any(is_progress(each.params) for each in stage.sandbox.world.calls)


class HeldPool(ReadyPool):
    """Explains when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        await self.go.wait()
        return await super().explain(data, options)


@pytest.mark.parametrize("spoken", [True, False])
async def test_a_draft_shows_that_a_photo_is_looked_at_again(stage: Stage, answer_of_emma: int, spoken: bool) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    if not spoken:
        stage.sandbox.world.faults.faults.append(Fault(kind="unknown_method", method="sendMessageDraft", times=100))
    stage.sandbox.world.calls.clear()
    last = max(stage.sandbox.world.people[EMMA].messages)
    pool, limiter = HeldPool(), stage.application.rate_limiter
    explaining = asyncio.create_task(
        explainer_of(stage.bot, stage.database, Engine(pool), limiter=limiter).explain(request)
    )
    call = await stage.until(
        lambda: next((each for each in stage.sandbox.world.calls if each.method == "sendMessageDraft"), None)
    )
    assert call.params["text"] == "I am looking at your photo once more…"
    pool.go.set()
    await explaining
    # Whether it is shown or not, the answer comes, and the draft goes.
    assert await stage.reply(EMMA, "", after=last)
    assert stage.sandbox.world.people[EMMA].draft is None
