"""What is said of an explanation, and who gets one."""

import re
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import GetMe

from benchmarks.load.person import is_progress
from bot.photos.inbox import received
from bot.photos.recovery import explain
from bot.photos.service import PhotoService
from bot.results import Result, Trouble, to_stored
from bot.sandbox.samples import sample
from bot.supervisor import Supervisor
from bot.telegram.rate_limit import MESSAGES_PER_SECOND, MessageKind, RateLimiter
from bot.ui import explanations, replies
from bot.ui.callbacks import Explain
from bot.ui.i18n import LANGUAGES, load_i18n
from inference.analysis import CLASSES, Abcd, Analysis, Colour, Quality, Refusal, Risk
from inference.engine.engine import Engine, Explanation
from storage.records import Outcome
from tests.bot.stage import EMMA, IVAN, Stage
from tests.bot.test_bot_replies import FORBIDDEN, result_for, units, visible

ROUND = Abcd(asymmetry=0.07, border=1.24, colours=(Colour.DARK_BROWN, Colour.RED), diameter=0.341, cut_off=False)
WIDEST = Abcd(asymmetry=0.999, border=12.34, colours=tuple(Colour), diameter=0.999, cut_off=True)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, compiled_translations: None) -> Iterator[str]:
    """Speaks each language in turn."""
    i18n = load_i18n()
    with i18n.context(), i18n.use_locale(request.param):
        yield request.param


@pytest.mark.parametrize("label", CLASSES)
def test_every_explanation_says_what_it_is_not_and_fits_a_caption(language: str, label: str) -> None:
    other = "bkl" if label != "bkl" else "akiec"
    text = explanations.caption(result_for(label, Risk.HIGH), result_for(other, Risk.LOW), WIDEST)
    plain = visible(text)
    assert units(text) <= replies.MAX_CAPTION
    assert replies.class_name(label) in plain.splitlines()[0]
    assert replies.class_name(other) in plain, "the models have changed since, and that is said"
    assert plain.splitlines()[-1] == replies.not_a_diagnosis()
    assert not FORBIDDEN.search(plain)


def test_measures_are_told_as_numbers_of_the_language(language: str) -> None:
    plain = visible(explanations.caption(result_for("nv", Risk.LOW), result_for("nv", Risk.LOW), ROUND))
    numbers = re.findall(r"[\d,.]*\d", plain.partition("•")[2])
    comma = "," if language == "ru" else "."
    assert numbers == ["7", f"1{comma}2", f"1{comma}0", "2", "6", "34"]
    assert ("dark brown, red" if language == "en" else "тёмно-коричневый, красный") in plain
    assert len(re.findall("^•", plain, re.M)) == 4


def test_a_spot_without_a_colour_of_its_own(language: str) -> None:
    pale = replace(ROUND, colours=())
    plain = visible(explanations.caption(result_for("nv", Risk.LOW), result_for("nv", Risk.LOW), pale))
    assert ("none of 6" if language == "en" else "ни один из 6") in plain


def test_an_album_has_a_button_for_each_answer_by_the_number_of_its_photo(language: str) -> None:
    rows = replies.album_keyboard({number: 100 + number for number in (1, 2, 4, 5)}).inline_keyboard
    assert [len(row) for row in rows] == [3, 1, 1]
    data = [each.callback_data or "" for row in rows[:2] for each in row]
    assert [Explain.unpack(each).request_id for each in data] == [101, 102, 104, 105]
    assert [re.findall(r"\d", each.text) for row in rows[:2] for each in row] == [["1"], ["2"], ["4"], ["5"]]
    assert len(replies.album_keyboard({3: 7}).inline_keyboard) == 2
    assert len(replies.album_keyboard({}).inline_keyboard) == 1
    assert len(Explain(request_id=2**63).pack().encode()) <= 64


async def answered(stage: Stage, user: int, told: Result) -> int:
    """The number of a request that was closed before, as the journal keeps it; Telegram has its file."""
    await stage.audience(user)
    [sent] = await stage.people.send_photos(user, [sample("mole")], None)
    # The engine is not running: the photo itself is apologised for.
    await stage.reply(user, "I could not read this photo", after=sent.message_id)
    request, _ = await stage.database.requests.record(
        **asdict(received(sent)) | {"message_id": 10_000 + sent.message_id}
    )
    outcome = Outcome.ANSWERED if told.label else Outcome.REFUSED
    await stage.database.requests.complete(request.id, outcome, to_stored(told, None), None)
    return request.id


async def press(stage: Stage, user: int, request_id: int) -> tuple[str, int]:
    """Press the button of a request, whoever's it is, under a message of one's own; gives press and message."""
    with load_i18n().context():
        told = await stage.bot.send_message(user, "an answer", reply_markup=replies.explain_keyboard(request_id))
    pressed = stage.people.press(user, told.message_id, Explain(request_id=request_id).pack())
    return pressed.callback_query_id, told.message_id


@pytest.fixture
async def answer_of_emma(stage: Stage) -> int:
    return await answered(stage, EMMA, result_for("nv", Risk.LOW))


async def test_where_a_photo_cannot_be_read_again_its_owner_is_told_why(stage: Stage, answer_of_emma: int) -> None:
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
    engine = Engine(Path(), owner_limit=5)
    photo_service = PhotoService(stage.bot, stage.database, engine, load_i18n(), Supervisor(), RateLimiter())
    before = max(stage.sandbox.world.people[EMMA].messages)
    with engine.queue(EMMA, 5):
        await photo_service.explain(request)
    with load_i18n().context():
        refused = replies.apology(Trouble.TOO_MANY)
    assert (await stage.reply(EMMA, "", after=before)).text == visible(refused)


async def test_an_explanation_is_owed_until_it_is_given_or_cannot_be(
    stage: Stage, answer_of_emma: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_service = PhotoService(stage.bot, stage.database, Engine(Path()), load_i18n(), Supervisor(), RateLimiter())
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    owed: list[list[int]] = []

    async def fail_of(error: Exception, *_: object) -> None:
        owed.append([each.id for each in await stage.database.requests.unexplained()])
        raise error

    unreachable = TelegramNetworkError(method=GetMe(), message="away")
    for error, left in ((ValueError("broken"), []), (unreachable, [request.id])):
        monkeypatch.setattr(photo_service, "_explain", partial(fail_of, error))
        await stage.database.requests.owe_explanation(request.id)
        with pytest.raises(type(error)):
            await photo_service.explain(request)
        assert [each.id for each in await stage.database.requests.unexplained()] == left
    assert owed == [[request.id]] * 2
    monkeypatch.undo()
    before = max(stage.sandbox.world.people[EMMA].messages)
    await explain([request], photo_service)
    assert await stage.database.requests.unexplained() == []
    await stage.reply(EMMA, "I could not read this photo", after=before)


class ReadyCrew:
    """In place of the worker processes: explains everything at once."""

    size = 1

    def seconds(self, photos: int) -> float:
        return 0.0

    async def do(self, work: object, data: bytes, language: str) -> Explanation:
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return Explanation(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None, None)


async def test_an_explanation_is_sent_in_its_turn_among_the_answers(stage: Stage, answer_of_emma: int) -> None:
    request = await stage.database.requests.get_owned(answer_of_emma, EMMA)
    assert request is not None
    rate_limiter, engine = RateLimiter(), Engine(Path(), owner_limit=5)
    engine._crew = ReadyCrew()  # type: ignore[assignment]
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
    engine = Engine(Path())
    engine._crew = ReadyCrew()  # type: ignore[assignment]
    photo_service = PhotoService(stage.bot, stage.database, engine, load_i18n(), Supervisor(), stage.rate_limiter)
    await stage.rate_limiter.acquire(MessageKind.ANSWER, MESSAGES_PER_SECOND)
    stage.sandbox.world.calls.clear()
    await photo_service.explain(replace(request, created_at=request.created_at - timedelta(days=1)))
    assert not any(is_progress(each.params) for each in stage.sandbox.world.calls)
