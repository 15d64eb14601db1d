"""A share from the button to the note: who reads what, who hears of it, and what each wrong step is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.moles.buttons import Act, OfMole
from bot.sharing.buttons import Accept, Kind, OfOwn, OfShared, Own, Read, ShareFor
from bot.ui.callbacks import Share
from storage.shares import LINK_LIFE
from storage.tables import shares
from tests.bot.examples import FORBIDDEN
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.sharing.giving import STRANGER, act, link, opened, payload, sent_link
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

OVER = "Доступа больше нет: его закрыли, результат стёрли или срок истёк."


async def alerted(stage: Stage, user: int, data: str) -> str | None:
    return await stage.alert(user, await tap(stage, user, data))


async def toast(stage: Stage, user: int, data: str) -> str | None:
    """What a press shows for a moment."""
    press = await tap(stage, user, data)
    presses = stage.sandbox.world.people[user].presses
    return await stage.until(lambda: presses[press].text if presses[press].answered else None)


async def test_a_result_is_shared_read_and_taken_back(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA)
        await tap(stage, EMMA, Share(request_id=request).pack())
        question = await stage.reply(EMMA, "with one person?")
        assert "nothing else of yours" in (question.text or "")
        stage.press(question, "A month")
        shown = await stage.until(lambda: sent_link(stage, EMMA, 0))
        assert shown.message_id == question.message_id, "the question is asked once"
        # Until when, in the time zone of whoever reads it; and a tap copies the link.
        assert [each.type for each in shown.entities or ()].count("date_time") == 2
        assert shown.reply_markup is not None
        copy = shown.reply_markup.inline_keyboard[0][0].copy_text
        assert copy is not None and copy.text.endswith(payload(shown))
        assert "health" not in payload(shown)
        share = await opened(stage, payload(shown))
        assert await stage.reply(IVAN, "От кого: Emma")
        read = await stage.reply(IVAN, "родинка (невус)")
        assert not FORBIDDEN.search(read.caption or read.text or "")
        told = await stage.reply(EMMA, "has opened what you shared")
        assert "Иван" in (told.text or "") and "not checked" in (told.text or "")
        listed = await stage.say(EMMA, "/shared", "You share:")
        assert "Иван" in (listed.text or "")
        assert "Вам дали доступ:" in ((await stage.say(IVAN, "/shared", "от кого: Emma")).text or "")
        stage.press(listed, "1. Take back: Иван")
        await stage.until(lambda: "You share nothing" in (_text(stage, EMMA, listed.message_id) or ""))
        for what in (Read.OPEN, Read.REPORT, Read.NOTE, Read.WORDS, Read.BENIGN):
            assert await alerted(stage, IVAN, act(what, share)) == OVER
        await stage.say(IVAN, "/shared", "Вы никому не дали доступа")


async def test_the_reader_gets_the_report_and_nothing_that_was_not_shared(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request, other = await answered(stage, EMMA), await answered(stage, EMMA)
        share = await opened(stage, await link(stage, request))
        await tap(stage, IVAN, act(Read.REPORT, share))
        sent = await stage.reply(IVAN, "Отчёт о том, к чему вам дали доступ: Emma")
        assert sent.document is not None and (sent.document.file_name or "").startswith("отчёт-")
        assert stage.deliveries(EMMA, "For a doctor") == 0
        # What a reader knows opens neither the result as if it were theirs, nor anything else of its owner.
        for start in (f"result_{request}", f"result_{other}"):
            await stage.say(IVAN, f"/start {start}", "среди ваших такого нет")
        assert await alerted(stage, IVAN, Share(request_id=request).pack()) == "Этого результата больше нет."
        forged = ShareFor(kind=Kind.RESULT, number=other, days=7).pack()
        assert "Поделиться этим нельзя" in (await alerted(stage, IVAN, forged) or "")
        assert await alerted(stage, IVAN, OfOwn(act=Own.REVOKE, share_id=share.id).pack()) == "Этот доступ уже закрыт."
        await stage.audience(ADMIN)
        assert "no longer shared" in (await alerted(stage, ADMIN, act(Read.OPEN, share)) or "")


async def test_a_mole_is_shared_with_the_photos_that_come_later(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.database.moles.rename(mole.id, EMMA, "left <b>arm</b>")
        await tap(stage, EMMA, OfMole(act=Act.SHARE, mole_id=mole.id).pack())
        question = await stage.reply(EMMA, "Share left <b>arm</b> with one person?")
        stage.press(question, "Until I take it back")
        share = await opened(stage, payload(await stage.until(lambda: sent_link(stage, EMMA, 0))))
        await stage.reply(IVAN, "left <b>arm</b>\nФото: 1")
        later = await answered(stage, EMMA)
        await stage.database.moles.add_photo(mole, later, (await stage.database.moles.photos(mole))[0].findings)
        await tap(stage, IVAN, act(Read.OPEN, share))
        await stage.reply(IVAN, "left <b>arm</b>\nФото: 2")
        await tap(stage, IVAN, act(Read.COMPARE, share))
        assert (await stage.reply(IVAN, "Жёлтым показан контур с первого фото")).photo
        await tap(stage, IVAN, act(Read.REPORT, share))
        sent = await stage.reply(IVAN, "Отчёт о том, к чему вам дали доступ")
        assert sent.document is not None and "-mole-" in (sent.document.file_name or "")
        await stage.database.moles.forget(mole.id, EMMA)
        assert await alerted(stage, IVAN, act(Read.OPEN, share)) == OVER


async def test_notes_reach_the_owner_in_their_language_from_somebody_unchecked(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        share = await opened(stage, await link(stage, await answered(stage, EMMA)))
        await tap(stage, IVAN, act(Read.NOTE, share))
        asked = await stage.reply(IVAN, "Что передать?")
        stage.press(asked, "Приходите на приём, покажите это место")
        got = await stage.reply(EMMA, "Please come in and show it")
        for part in ("From Иван", "I have not checked who that is", "see a doctor whatever was written"):
            assert part in (got.text or "")
        await tap(stage, IVAN, act(Read.WORDS, share))
        await stage.reply(IVAN, "не длиннее 500 знаков")
        for wrong in ("x" * 501, "x" * 4096):
            await stage.say(IVAN, wrong, "Слишком длинно")
        await stage.say(IVAN, "<i>benign</i> & dry", "Ваша заметка доставлена")
        await stage.reply(EMMA, "<i>benign</i> & dry")
        [given] = (await stage.database.shares.export(EMMA))["given"]
        assert [each["note"] for each in given["notes"]] == ["Please come in and show it", "<i>benign</i> & dry"]


async def test_a_command_in_place_of_a_note_is_obeyed(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        share = await opened(stage, await link(stage, await answered(stage, EMMA)))
        await tap(stage, IVAN, act(Read.WORDS, share))
        await stage.reply(IVAN, "не длиннее 500 знаков")
        await stage.say(IVAN, "/shared", "Вам дали доступ:")
        await stage.say(IVAN, "абракадабра", "Я вас не понимаю")
        assert (await stage.database.shares.export(EMMA))["given"][0]["notes"] == []


async def test_a_note_to_somebody_who_blocks_the_bot_is_kept(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        share = await opened(stage, await link(stage, await answered(stage, EMMA)))
        await stage.reply(EMMA, "has opened what you shared")
        stage.people.set_blocked(EMMA, True)
        await tap(stage, IVAN, act(Read.BENIGN, share))
        await stage.reply(IVAN, "Доставить её сейчас не удалось")
        assert len((await stage.database.shares.export(EMMA))["given"][0]["notes"]) == 1


async def test_a_link_that_was_used_is_of_no_use_to_a_stranger_nor_to_its_owner(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        start = await link(stage, await answered(stage, EMMA))
        await stage.audience(STRANGER)
        await stage.say(EMMA, f"/start {start}", "This is your own link")
        await opened(stage, start)
        await stage.say(STRANGER, f"/start {start}", "This link has been used already")
        # Its reader may follow it again.
        await opened(stage, start)
        for wrong in ("x" * 22, start[6:-1] + ("A" if start[-1] != "A" else "B")):
            await stage.say(STRANGER, f"/start share_{wrong}", "This link leads nowhere")
        await stage.say(STRANGER, "/start share_short", "Send me a close-up photo")


async def test_of_two_who_were_asked_the_first_to_confirm_reads(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        start = await link(stage, await answered(stage, EMMA))
        await stage.audience(STRANGER)
        late = await stage.say(STRANGER, f"/start {start}", "health data")
        await opened(stage, start)
        stage.press(late, "Open it")
        await stage.until(lambda: "used already" in (_text(stage, STRANGER, late.message_id) or ""))
        declined = await stage.say(IVAN, f"/start {start}", "сведения о здоровье")
        stage.press(declined, "Нет, спасибо")
        await stage.until(lambda: "Ничего не открыто" in (_text(stage, IVAN, declined.message_id) or ""))


@pytest.mark.parametrize("how", ["revoked", "erased", "too old"])
async def test_a_link_after_its_end_says_so_kindly(tmp_path: Path, how: str) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        start = await link(stage, await answered(stage, EMMA))
        [share] = await stage.database.shares.given(EMMA, datetime.now(UTC))
        offered = await stage.say(IVAN, f"/start {start}", "сведения о здоровье")
        if how == "revoked":
            await tap(stage, EMMA, OfOwn(act=Own.REVOKE, share_id=share.id).pack())
            await stage.reply(EMMA, "You share nothing")
            words = "закрыл доступ"
        elif how == "erased":
            await stage.database.users.delete(EMMA)
            words = "Эта ссылка никуда не ведёт"
        else:
            await _age(stage, share.id)
            words = "Срок этой ссылки истёк"
        # Whoever was asked before it ended confirms in vain too.
        stage.press(offered, "Открыть")
        await stage.until(lambda: words in (_text(stage, IVAN, offered.message_id) or ""))
        await stage.say(IVAN, f"/start {start}", words)
        assert await stage.database.shares.received(IVAN, datetime.now(UTC)) == []


async def test_access_ends_at_its_date(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        start = await link(stage, await answered(stage, EMMA), days=7)
        share = await opened(stage, start)
        assert share.expires_at is not None
        await _age(stage, share.id)
        assert await alerted(stage, IVAN, act(Read.OPEN, share)) == OVER
        await stage.say(EMMA, "/shared", "You share nothing")


async def test_what_is_taken_back_while_its_report_is_written_is_not_sent(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        share = await opened(stage, await link(stage, await answered(stage, EMMA)))
        pool.go.clear()
        press = await tap(stage, IVAN, act(Read.REPORT, share))
        presses = stage.sandbox.world.people[IVAN].presses
        assert await stage.until(lambda: presses[press].text) == "Готовлю отчёт…"
        await stage.database.shares.revoke(share.id, EMMA, datetime.now(UTC))
        pool.go.set()
        await stage.reply(IVAN, OVER)
        assert not [each for each in stage.heard(IVAN) if each.document]


async def test_what_is_erased_while_its_report_is_written_is_not_sent(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, pool):
        share = await opened(stage, await link(stage, await answered(stage, EMMA)))
        pool.go.clear()
        press = await tap(stage, IVAN, act(Read.REPORT, share))
        presses = stage.sandbox.world.people[IVAN].presses
        await stage.until(lambda: presses[press].text)
        question = await stage.say(EMMA, "/delete", "Erase everything I keep about you?")
        stage.press(question, "Yes, erase everything")
        await stage.reply(IVAN, OVER)
        pool.go.set()
        await stage.say(IVAN, "/shared", "Вы никому не дали доступа")
        assert not [each for each in stage.heard(IVAN) if each.document]


async def test_a_link_can_be_for_one_person_alone(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        start = await link(stage, await answered(stage, EMMA))
        await stage.audience(STRANGER, IVAN)
        [share] = await stage.database.shares.given(EMMA, datetime.now(UTC))
        await tap(stage, EMMA, OfOwn(act=Own.CHOOSE, share_id=share.id).pack())
        await stage.reply(EMMA, "Choose the person with the button below")
        stage.people.share_users(EMMA, share.id, [EMMA])
        await stage.reply(EMMA, "That is you")
        await tap(stage, EMMA, OfOwn(act=Own.CHOOSE, share_id=share.id).pack())
        await stage.until(lambda: stage.sandbox.world.people[EMMA].keyboard)
        stage.people.share_users(EMMA, share.id, [IVAN])
        await stage.reply(EMMA, "The link opens for Иван alone now")
        await stage.say(STRANGER, f"/start {start}", "This link was made for somebody else")
        await opened(stage, start)
        assert "opened already" in (await alerted(stage, EMMA, OfOwn(act=Own.CHOOSE, share_id=share.id).pack()) or "")


async def test_the_one_who_shares_may_think_better_of_choosing(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await link(stage, await answered(stage, EMMA))
        [share] = await stage.database.shares.given(EMMA, datetime.now(UTC))
        await tap(stage, EMMA, OfOwn(act=Own.CHOOSE, share_id=share.id).pack())
        await stage.reply(EMMA, "Choose the person with the button below")
        await stage.say(EMMA, "For whoever opens it first", "The link stays open")
        assert stage.sandbox.world.people[EMMA].keyboard is None


async def test_nothing_of_a_share_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "bot")
    async with stage_with_moles(tmp_path) as (stage, _pool):
        start = await link(stage, await answered(stage, EMMA))
        share = await opened(stage, start)
        await tap(stage, IVAN, act(Read.COME_IN, share))
        await stage.reply(EMMA, "Please come in")
    for private in (start, "Иван", "Emma", "come in"):
        assert private not in caplog.text


async def test_buttons_that_nobody_was_shown_do_nothing(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await stage.audience(EMMA)
        stale = (
            "share:r:99999999999999999999:7",
            "share:r:1:8",
            "share:x:1:7",
            "shared:open:-1",
            "own:revoke:0",
            "accept:",
            "give:x",
        )
        for data in stale:
            assert await toast(stage, EMMA, data) == "This button no longer works.", data
        token = Accept(token="x" * 22).pack()
        await tap(stage, EMMA, token)
        await stage.until(lambda: any("leads nowhere" in (each.text or "") for each in stage.heard(EMMA)))
        assert "no longer shared" in (await alerted(stage, EMMA, OfShared(act=Read.OPEN, share_id=7).pack()) or "")


async def _age(stage: Stage, share_id: int) -> None:
    """Make a share older than any link lives and than a week of access lasts."""
    earlier = datetime.now(UTC) - LINK_LIFE - timedelta(days=1)
    async with stage.database._transactions.write() as connection:
        values = {"created_at": earlier, "expires_at": earlier + LINK_LIFE}
        await connection.execute(update(shares).where(shares.c.id == share_id).values(values))


def _text(stage: Stage, user: int, message_id: int) -> str | None:
    return stage.sandbox.world.people[user].messages[message_id].text
