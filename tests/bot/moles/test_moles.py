"""A mole from its first photo to the comparison, with all buttons and texts on the way."""

from pathlib import Path

import pytest

from bot.moles.buttons import Act, AddTo, Follow, OfMole, Place
from bot.moles.names import MAX_NAME
from inference.analysis import Risk
from inference.engine.engine import Examination
from storage.records import Mole
from tests.bot.examinations import examination, marks, refused
from tests.bot.examples import FORBIDDEN
from tests.bot.moles.following import answered, begun, follow, stage_with_moles, tap
from tests.bot.stage import EMMA, IVAN, Stage


def with_marks(**values: float) -> Examination:
    whole = examination()
    return Examination(whole.analysis, whole.photo, whole.outlined, whole.glowing, whole.measures, marks(**values))


async def act(stage: Stage, mole: Mole, what: Act, user: int | None = None) -> str:
    return await tap(stage, user or mole.user_id, OfMole(act=what, mole_id=mole.id).pack())


async def second_photo(stage: Stage, mole: Mole, risk: Risk = Risk.LOW) -> str:
    """Add one more photo; the caption of the comparison."""
    request = await answered(stage, mole.user_id, risk)
    last = max(stage.sandbox.world.people[mole.user_id].messages)
    await tap(stage, mole.user_id, AddTo(request_id=request, mole_id=mole.id).pack())
    shown = await stage.reply(mole.user_id, mole.name, after=last)
    assert shown.photo
    return shown.caption or ""


async def test_a_mole_is_followed_named_by_a_tapped_place_and_listed(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        question = await follow(stage, EMMA, await answered(stage, EMMA))
        stage.press(question, "A new mole")
        places = await stage.reply(EMMA, "Where is it?")
        assert places.photo
        stage.press(places, "6 · left arm")
        await stage.reply(EMMA, "I call it left arm.")
        listed = await stage.say(EMMA, "/moles", "Your moles")
        assert "left arm" in (listed.text or "") and "One photo so far" in (listed.text or "")
        stage.press(listed, "left arm")
        card = await stage.reply(EMMA, "Photos: 1, of ")
        assert [each.type for each in card.entities or ()].count("date_time") == 1
        assert (card.text or "").endswith("Not a diagnosis. Unsure? See a doctor.")


async def test_in_russian_too(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, IVAN, await answered(stage, IVAN))
        await tap(stage, IVAN, Place(mole_id=mole.id, zone=9).pack())
        await stage.reply(IVAN, "Название: затылок.")
        caption = await second_photo(stage, (await stage.database.moles.of_user(IVAN))[0])
        assert "изменений различить не удалось" in caption
        assert not FORBIDDEN.search(caption)


async def test_two_photos_are_laid_side_by_side_and_no_change_is_never_said_to_be_health(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        caption = await second_photo(stage, mole)
        assert "I see no change in these photos." in caption
        assert "Photos without a scale do not show" in caption
        assert "see a doctor" in caption
        assert "mm" not in caption
        assert not FORBIDDEN.search(caption)


async def test_a_change_sends_to_a_doctor_by_what_has_changed(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        pool.found = with_marks(asymmetry=0.3)
        caption = await second_photo(stage, mole)
        assert "its shape. Show it to a doctor." in caption
        assert "No change" not in caption


async def test_a_warning_is_not_forgotten_where_nothing_has_changed(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        caption = await second_photo(stage, mole, Risk.HIGH)
        assert "show it to a doctor, changed or not" in caption


async def test_a_diameter_by_the_ruler_is_held_against_the_first(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await act(stage, mole, Act.MEASURE)
        await stage.reply(EMMA, "by a ruler?")
        for nonsense in ("big", "-3", "nan", "inf", "9999", "9" * 4096):
            await stage.say(EMMA, nonsense, "I need a number")
        await stage.say(EMMA, "4,5 mm", "4.5 mm")
        await second_photo(stage, mole)
        last = max(stage.sandbox.world.people[EMMA].messages)
        await act(stage, mole, Act.MEASURE)
        await stage.reply(EMMA, "by a ruler?", after=last)
        await stage.say(EMMA, "9", "9 mm")
        await act(stage, mole, Act.OPEN)
        await stage.reply(EMMA, "its size. Show it to a doctor.")


async def test_a_name_may_be_anything_but_long_and_is_never_markup(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await act(stage, mole, Act.RENAME)
        await stage.reply(EMMA, "Write a name for")
        # Of 5,000 characters Telegram makes two messages.
        for wrong in ("x" * 4096, "x" * 904, "x" * (MAX_NAME + 1), "\u200b\u200b"):
            await stage.say(EMMA, wrong, "That is no name")
        said = await stage.say(EMMA, "<b>left</b>\n&amp; \u202eright", "I call it")
        assert said.text == "I call it <b>left</b> &amp; right."
        # A client takes the "/b" of a name in plain letters for a command; nothing of it is formatted.
        assert [each.type for each in said.entities or [] if each.type != "bot_command"] == ["bold"]
        listed = await stage.say(EMMA, "/moles", "<b>left</b> &amp; right")
        stage.press(listed, "<b>left</b> &amp; right")
        await stage.reply(EMMA, "<b>left</b> &amp; right\nPhotos: 1")


async def test_a_command_in_place_of_a_name_is_obeyed(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await act(stage, mole, Act.RENAME)
        await stage.reply(EMMA, "Write a name for")
        await stage.say(EMMA, "/history", "Your results")
        await stage.say(EMMA, "left arm", "I do not understand this")


async def test_two_taps_at_once_make_one_mole(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        request = await answered(stage, EMMA)
        pool.go.clear()
        data = AddTo(request_id=request, mole_id=0).pack()
        presses = stage.sandbox.world.people[EMMA].presses
        first = await tap(stage, EMMA, data)
        assert "measuring" in (await stage.until(lambda: presses[first].text))
        second = await tap(stage, EMMA, data)
        assert "already" in (await stage.until(lambda: presses[second].text))
        pool.go.set()
        await stage.reply(EMMA, "Where is it?")
        # Pressed again later, it belongs to a mole already.
        await tap(stage, EMMA, data)
        await stage.reply(EMMA, "This photo belongs to a mole already.")
        assert len(await stage.database.moles.of_user(EMMA)) == 1


async def test_whoever_erases_everything_while_a_photo_is_measured_gets_no_mole(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        request = await answered(stage, EMMA)
        pool.go.clear()
        press = await tap(stage, EMMA, AddTo(request_id=request, mole_id=0).pack())
        presses = stage.sandbox.world.people[EMMA].presses
        await stage.until(lambda: presses[press].text)
        question = await stage.say(EMMA, "/delete", "Erase everything I keep about you?")
        stage.press(question, "Yes, erase everything")
        await stage.until(lambda: "is erased" in (_text(stage, EMMA, question.message_id) or ""))
        pool.go.set()
        assert await stage.application.in_flight.drain(20)
        assert await stage.database.moles.of_user(EMMA) == []
        assert await stage.database.users.get(EMMA) is None
        later = [each.text or "" for each in stage.heard(EMMA) if each.message_id > question.message_id]
        assert all("last traces" in text for text in later), "nothing is said of it any more"


async def test_the_same_photo_sent_again_is_recognised(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA, unique="the same"))
        again = await answered(stage, EMMA, unique="the same")
        await tap(stage, EMMA, AddTo(request_id=again, mole_id=mole.id).pack())
        await stage.reply(EMMA, "This is a photo that I have of this mole already.")


async def test_a_photo_that_belongs_to_a_mole_leads_there(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA)
        mole = await begun(stage, EMMA, request)
        await tap(stage, EMMA, Follow(request_id=request).pack())
        await stage.reply(EMMA, f"This photo belongs to {mole.name} already.")


async def test_a_photo_without_an_outline_makes_no_mole(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        request = await answered(stage, EMMA)
        pool.found = refused()
        await tap(stage, EMMA, AddTo(request_id=request, mole_id=0).pack())
        await stage.reply(EMMA, "I find no outline in this photo any more")
        assert await stage.database.moles.of_user(EMMA) == []


@pytest.mark.parametrize("what", [Act.OPEN, Act.COMPARE, Act.PHOTO, Act.RENAME, Act.MEASURE, Act.REMIND, Act.REPORT])
async def test_nobody_reaches_the_mole_of_somebody_else(tmp_path: Path, what: Act) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.audience(IVAN)
        assert await stage.alert(IVAN, await act(stage, mole, what, IVAN)) == "Эта родинка больше не под наблюдением."


async def test_stale_buttons_of_a_mole_say_that_it_is_gone(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA)
        mole = await begun(stage, EMMA, request)
        await act(stage, mole, Act.ASK_FORGET)
        question = await stage.reply(EMMA, "Stop following")
        assert question.reply_markup is not None and question.reply_markup.inline_keyboard[0][0].style == "danger"
        stage.press(question, "Yes, stop")
        await stage.until(lambda: _text(stage, EMMA, question.message_id) == "I no longer follow this mole.")
        stale = (
            OfMole(act=Act.OPEN, mole_id=mole.id).pack(),
            OfMole(act=Act.FORGET, mole_id=mole.id).pack(),
            Place(mole_id=mole.id, zone=3).pack(),
            AddTo(request_id=request, mole_id=mole.id).pack(),
        )
        for data in stale:
            assert await stage.alert(EMMA, await tap(stage, EMMA, data)) == "You do not follow this mole any more."
        listed = await stage.say(EMMA, "/moles", "You follow no mole yet")
        assert listed.reply_markup is None


async def test_a_report_of_a_mole_is_a_file_of_its_own(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await second_photo(stage, mole)
        await act(stage, mole, Act.REPORT)
        sent = await stage.reply(EMMA, "It holds your photos and no name.")
        assert sent.document is not None and (sent.document.file_name or "").endswith(f"-mole-{mole.id}.pdf")


async def test_export_tells_of_moles_and_delete_takes_them(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        exported = await stage.database.moles.export(EMMA)
        assert [each["name"] for each in exported] == [mole.name]
        await stage.database.users.delete(EMMA)
        assert await stage.database.moles.of_user(EMMA) == []


def _text(stage: Stage, user: int, message_id: int) -> str | None:
    return stage.sandbox.world.people[user].messages[message_id].text
