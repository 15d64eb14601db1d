"""Roles, bans, maintenance and the audit log, in the chat."""

from pathlib import Path

import pytest

from bot.operator.access import Access
from bot.samples import sample
from inference.analysis import Analysis, Quality, Refusal
from inference.engine.engine import AnnotatedAnalysis, Engine
from storage.audit import Action
from storage.staff import Role
from tests.bot.pools import IdlePool
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage, open_stage

COMMANDS = ["/staff", "/grant 7 admin", "/revoke 7", "/ban 7", "/unban 7", "/audit", "/maintenance", "/settings"]
OF_OWNERS = COMMANDS[:3]


class RefusingPool(IdlePool):
    """Finds every photo blurred."""

    async def read(self, data: bytes, language: str) -> AnnotatedAnalysis:
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)


@pytest.mark.parametrize("command", COMMANDS)
async def test_to_patients_and_reviewers_the_commands_do_not_exist(stage: Stage, command: str) -> None:
    unknown = (await stage.say(EMMA, "/nonsense", "")).text
    assert (await stage.say(EMMA, command, "")).text == unknown
    await stage.say(ADMIN, f"/grant {EMMA} reviewer", "Who runs this bot")
    assert (await stage.say(EMMA, command, "")).text == unknown


async def test_an_owner_makes_an_administrator_who_makes_no_others(stage: Stage) -> None:
    unknown = (await stage.say(EMMA, "/nonsense", "")).text
    listed = await stage.say(ADMIN, f"/grant {EMMA} admin", "Who runs this bot")
    assert f"{ADMIN} · owner" in (listed.text or "") and f"{EMMA} · administrator" in (listed.text or "")
    await stage.say(EMMA, "/stats", "The last 28 days")
    for command in OF_OWNERS:
        assert (await stage.say(EMMA, command, "")).text == unknown
    await stage.say(ADMIN, f"/revoke {EMMA}", "Who runs this bot")
    assert (await stage.say(EMMA, "/stats", "")).text == unknown
    await stage.say(ADMIN, f"/revoke {ADMIN}", "no role that can be taken away")
    await stage.say(ADMIN, "/stats", "The last 28 days")


@pytest.mark.parametrize(
    "command", ["/grant", "/grant x admin", "/grant 7 owner", f"/ban {'9' * 40}", "/ban -7", "/ban 0"]
)
async def test_what_is_written_wrongly_is_answered_by_an_example(stage: Stage, command: str) -> None:
    await stage.say(ADMIN, command, "Write it like this: ")
    assert await stage.database.staff.audit_page(0, 1) == ([], 0)


async def test_somebody_banned_gets_only_their_rights_over_their_data(stage: Stage) -> None:
    await stage.audience(IVAN)
    await stage.say(ADMIN, f"/ban {IVAN}", "is banned")
    turned_away = await stage.say(IVAN, "/history", "Пользоваться этим ботом вы больше не можете")
    photo = (await stage.people.send_photos(IVAN, [sample("mole")]))[0]
    await stage.reply(IVAN, "Пользоваться этим ботом вы больше не можете", photo.message_id)
    assert turned_away.text is not None and await stage.database.requests.unfinished() == []
    question = await stage.say(IVAN, "/delete", "Стереть всё")
    stage.press(question, "Да, стереть всё")
    await stage.until(lambda: "стёрто" in (stage.sandbox.world.people[IVAN].messages[question.message_id].text or ""))
    # Erased, and still banned.
    await stage.say(IVAN, "/history", "Пользоваться этим ботом вы больше не можете")
    await stage.say(ADMIN, f"/unban {IVAN}", "may use the bot again")
    await stage.say(IVAN, "/history", "результатов")
    await stage.say(ADMIN, f"/ban {ADMIN}", "belongs to the staff")


async def test_during_maintenance_photos_wait_and_everything_else_works(tmp_path: Path) -> None:
    async with open_stage(tmp_path, Engine(RefusingPool())) as stage:
        await stage.audience(EMMA)
        panel = await stage.say(ADMIN, "/maintenance", "Maintenance is off")
        stage.press(panel, "Begin maintenance")
        shown = stage.sandbox.world.people[ADMIN].messages
        await stage.until(lambda: "Maintenance is on" in (shown[panel.message_id].text or ""))
        await stage.people.send_photos(EMMA, [sample("mole")])
        told = await stage.reply(EMMA, "I am being maintained")
        await stage.people.send_photos(EMMA, [sample("mole")])
        await stage.say(EMMA, "/privacy", "")
        # Told once.
        assert stage.deliveries(EMMA, "I am being maintained") == 1
        panel = await stage.say(ADMIN, "/maintenance", "Photos that wait: 2")
        stage.press(panel, "End maintenance")
        await stage.until(lambda: stage.deliveries(EMMA, "This photo is blurred") == 2)
        assert "Maintenance is off" in (shown[panel.message_id].text or "") and told.message_id


async def test_roles_bans_and_maintenance_outlive_a_restart(stage: Stage) -> None:
    access = stage.application.access
    await access.set_maintenance(ADMIN, on=True)
    await access.grant(ADMIN, EMMA, Role.REVIEWER)
    await access.ban(ADMIN, IVAN)
    after = Access(stage.database.staff, {ADMIN})
    await after.load()
    assert after.under_maintenance and after.is_banned(IVAN)
    assert after.staff() == {ADMIN: Role.OWNER, EMMA: Role.REVIEWER}


async def test_the_audit_log_is_paged_and_names_no_patient(stage: Stage) -> None:
    for number in range(6):
        await stage.database.staff.log(ADMIN, Action.BROADCAST, f"{number}")
        await stage.say(ADMIN, f"/ban {EMMA}", "is banned")
        await stage.say(ADMIN, f"/unban {EMMA}", "may use the bot again")
    log = await stage.say(ADMIN, "/audit", "Audit log, newest first")
    assert str(EMMA) not in (log.text or "") and (log.text or "").count("banned: ") == 7
    stage.press(log, "Older ›")
    shown = stage.sandbox.world.people[ADMIN].messages
    await stage.until(lambda: "sent announcement: 0" in (shown[log.message_id].text or ""))


async def test_the_settings_hide_what_is_secret(stage: Stage) -> None:
    text = (await stage.say(ADMIN, "/settings", "Settings")).text or ""
    assert "BOT_TOKEN = (set, hidden)" in text and "RETENTION_DAYS = –" in text and f"ADMIN_IDS = {ADMIN}" in text
    assert stage.sandbox.token not in text
    assert "WEBHOOK_SOURCES = 149.154.160.0/20,91.108.4.0/22" in text, "as it is written in .env"
