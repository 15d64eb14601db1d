"""Drawn advice on photos: /howto, the picture that fits a refusal, and a word on the phone, once."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.guidance.__main__ import main
from bot.guidance.advice import OF_REFUSALS, is_worn
from bot.guidance.examples import Example
from bot.photos.delivery import send_refusal
from bot.results import Result
from bot.samples import sample
from bot.ui.i18n import load_i18n
from inference.analysis import Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine
from tests.bot.examinations import examination, refused
from tests.bot.examples import incoming
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, IVAN, Stage, open_stage


class WornPool(IdlePool):
    """Answers every photo, as one that is a little unsharp."""

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        whole = examination()
        quality = replace(whole.analysis.quality, sharpness=0.25)
        return AnnotatedAnalysis(replace(whole.analysis, quality=quality), whole.outlined)


def test_the_command_draws_small_pictures_in_every_language(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    drawn = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert len(drawn) == 2 * (3 + len(Refusal))
    assert all(len(content) < 110_000 for content in drawn.values())
    assert all(Image.open(io.BytesIO(content)).width in (780, 800) for content in drawn.values())
    # The words on them differ.
    for name in ("howto", "holding", *(f"refusal-{each}" for each in Refusal)):
        assert drawn[f"{name}-en.jpg"] != drawn[f"{name}-ru.jpg"]


@pytest.mark.parametrize(("user", "words"), [(EMMA, "A good photo"), (IVAN, "Хорошее фото")])
async def test_howto_is_a_picture_with_words(stage: Stage, user: int, words: str) -> None:
    await stage.audience(user)
    assert (await stage.say(user, "/howto", words)).photo


async def test_every_refusal_has_a_picture_of_its_own(stage: Stage) -> None:
    assert set(OF_REFUSALS) == set(Refusal)
    # Of a spot that is far away the photo itself is large enough.
    assert Example.FAR not in OF_REFUSALS.values()
    assert len(set(OF_REFUSALS.values())) == len(Refusal)
    await stage.audience(EMMA)
    with load_i18n().context():
        for number, refusal in enumerate(Refusal):
            await send_refusal(stage.bot, incoming(number + 1, None, EMMA).request, Result(reason=refusal))
    shown = [each for each in stage.heard(EMMA) if each.photo]
    assert len(shown) == len(Refusal) and all("Show it to a doctor" in (each.caption or "") for each in shown)


def test_a_photo_is_worn_where_it_was_answered_and_could_be_sharper_or_brighter() -> None:
    good = examination().analysis
    assert not is_worn(good)
    assert is_worn(replace(good, quality=replace(good.quality, sharpness=0.3)))
    assert is_worn(replace(good, quality=replace(good.quality, brightness=0.25)))
    assert not is_worn(refused().analysis)


@pytest.mark.parametrize(
    ("user", "hint"), [(EMMA, "This is how to hold the phone"), (IVAN, "Телефон лучше держать так")]
)
async def test_how_to_hold_the_phone_is_said_after_the_first_worn_photo_alone(
    tmp_path: Path, user: int, hint: str
) -> None:
    async with open_stage(tmp_path, Engine(WornPool())) as stage:
        await stage.audience(user)
        await stage.people.send_photos(user, [sample("mole")], None)
        assert (await stage.reply(user, hint)).photo
        [second] = await stage.people.send_photos(user, [sample("uneven")], None)
        answer = await stage.until(
            lambda: [each for each in stage.heard(user) if each.photo and each.message_id > second.message_id]
        )
        assert hint not in (answer[0].caption or "")
        await stage.say(user, "/help", "")
        assert stage.deliveries(user, hint) == 1
