"""Explanations of answers: who gets one, when, and what becomes of one that is owed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from aiogram.exceptions import TelegramNetworkError

from benchmarks.load.chats import is_progress
from bot.photos.inbox import received
from bot.photos.recovery import explain
from bot.photos.service import PhotoService
from bot.results import Result, Trouble, to_stored
from bot.samples import sample
from bot.sandbox.faults import Fault
from bot.supervisor import Supervisor
from bot.telegram.client import connect, open_session
from bot.telegram.rate_limit import MESSAGES_PER_SECOND, MessageKind, RateLimiter
from bot.ui.actions import keyboard
from bot.ui.apologies import apology
from bot.ui.callbacks import Explain
from bot.ui.i18n import load_i18n
from inference.analysis import Analysis, Quality, Refusal, Risk
from inference.drawing.words import Plate
from inference.engine.engine import Engine, Explanation, Place
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


async def press(stage: Stage, user: int, request_id: int) -> tuple[str, int]:
    """Press the button of a request, whoever's it is, under a message of one's own; gives press and message."""
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
    photo_service = PhotoService(stage.bot, stage.database, engine, load_i18n(), Supervisor(), RateLimiter())
    before = max(stage.sandbox.world.people[EMMA].messages)
    with engine.queue(EMMA, 5):
        await photo_service.explain(request)
    with load_i18n().context():
        refused = apology(Trouble.TOO_MANY)
    assert (await stage.reply(EMMA, "", after=before)).text == visible(refused)


class BrokenEngine(Engine):
    """Fails in a way that nobody has thought of."""

    @contextmanager
    def queue(self, owner: object, photos: int, *, limited: bool = True) -> Iterator[list[Place]]:
        raise ValueError("broken")
        yield []


async def test_an_explanation_is_owed_until_it_is_given_or_cannot_be(stage: Stage, answer_of_emma: int) -> None:
    database, parts = stage.database, (load_i18n(), Supervisor(), RateLimiter())
    request = await database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    await database.requests.owe_explanation(request.id)
    with pytest.raises(ValueError, match="broken"):
        await PhotoService(stage.bot, database, BrokenEngine(IdlePool()), *parts).explain(request)
    assert await database.requests.unexplained() == []

    await database.requests.owe_explanation(request.id)
    stage.sandbox.world.faults.faults.append(Fault(kind="drop", method="sendMessage", times=2))
    async with open_session(stage.sandbox.base_url) as session:
        hasty = connect(stage.sandbox.token, session, HASTY)
        with pytest.raises(TelegramNetworkError):
            await PhotoService(hasty, database, Engine(IdlePool()), *parts).explain(request)
    assert [each.id for each in await database.requests.unexplained()] == [request.id]

    before = max(stage.sandbox.world.people[EMMA].messages)
    await explain([request], PhotoService(stage.bot, database, Engine(IdlePool()), *parts))
    assert await database.requests.unexplained() == []
    await stage.reply(EMMA, "I could not read this photo", after=before)


class ReadyPool(IdlePool):
    """Explains everything at once."""

    async def explain(self, data: bytes, plate: Plate) -> Explanation:
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return Explanation(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None, None)


async def test_an_explanation_is_sent_in_its_turn_among_the_answers(stage: Stage, answer_of_emma: int) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    rate_limiter, engine = RateLimiter(), Engine(ReadyPool(), owner_limit=5)
    photo_service = PhotoService(stage.bot, stage.database, engine, load_i18n(), Supervisor(), rate_limiter)
    for photos in (0, 5):  # of the owner's in the queue: it is read again, or there are too many
        await rate_limiter.acquire(MessageKind.ANSWER, MESSAGES_PER_SECOND)
        began = time.monotonic()
        with engine.queue(EMMA, photos):
            await photo_service.explain(request)
        assert time.monotonic() - began > 0.95


async def test_how_long_ago_a_photo_came_does_not_count_as_a_wait_for_its_explanation(
    stage: Stage, answer_of_emma: int
) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    engine = Engine(ReadyPool())
    photo_service = PhotoService(
        stage.bot, stage.database, engine, load_i18n(), Supervisor(), stage.application.rate_limiter
    )
    await stage.application.rate_limiter.acquire(MessageKind.ANSWER, MESSAGES_PER_SECOND)
    stage.sandbox.world.calls.clear()
    await photo_service.explain(replace(request, created_at=request.created_at - timedelta(days=1)))
    assert not any(is_progress(each.params) for each in stage.sandbox.world.calls)
