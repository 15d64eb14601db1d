"""Trying another classifier: on a share of the people, in the shadow, and on what an older one has answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Message

from bot.samples import sample
from inference.domains import DOMAINS
from inference.engine.canary import Canary
from inference.engine.engine import Engine
from inference.engine.pool import WorkerPool
from inference.registry.file import RegistryFile
from storage.audit import Action
from tests.bot.pools import IdlePool
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage, open_stage
from tests.inference.releases import domain, write_release

NEW = "fixcaps-0.0.2"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that serves fixcaps 0.0.1, which warns of nothing here, and holds 0.0.2, which warns of all."""
    folder = write_release(tmp_path_factory.mktemp("weights"))
    file = RegistryFile.load(folder)
    warning = dict.fromkeys(DOMAINS, domain(suspicious=0.0))
    file.register(file.served_classifier.with_changes(version="0.0.2", domains=warning), serve=False).save(folder)
    return folder


@pytest.fixture
async def stage(tmp_path: Path, weights: Path) -> AsyncIterator[Stage]:
    engine = Engine(WorkerPool(weights))
    await engine.start()
    async with open_stage(tmp_path, engine, weights_dir=weights) as stage:
        yield stage
    await engine.stop()


async def card(stage: Stage, label: str) -> Message:
    """Open the list and the card behind `label`."""
    listed = await stage.say(ADMIN, "/models", "Models that serve")
    stage.press(listed, label)
    return await shown(stage, listed, "Licence: none")


async def shown(stage: Stage, message: Message, part: str) -> Message:
    """The message once it says so."""
    said = stage.sandbox.world.people[ADMIN].messages

    def now() -> Message | None:
        found = said[message.message_id]
        return found if part in (found.text or "") else None

    return await stage.until(now, seconds=90)


async def answered(stage: Stage, user: int) -> dict[str, Any]:
    """What is kept of the next photo that somebody sends, once it is answered."""
    [sent] = await stage.people.send_photos(user, [sample("mole")])
    await stage.until(lambda: any(each.photo and each.reply_to_message for each in stage.heard(user)), seconds=90)
    async with asyncio.timeout(60):
        while True:
            request = await stage.database.requests.of_message(user, sent.message_id)
            if request is not None and request.outcome == "answered":
                return dict(request.result or {})


async def test_a_share_of_the_people_is_answered_by_the_model_on_trial_and_nobody_after_its_end(stage: Stage) -> None:
    chosen = Canary(IdlePool(), NEW, 0.1)
    tried = next(user for user in count(3001) if chosen.answers(user))
    other = next(user for user in count(3001) if not chosen.answers(user))
    await stage.audience(tried, other)
    opened = await card(stage, "fixcaps 0.0.2")
    stage.press(opened, "Try on 10 %")
    trial = await shown(stage, opened, "answers 10 in 100 people")
    assert (await answered(stage, tried))["models"]["classifier"] == "fixcaps 0.0.2"
    assert (await answered(stage, other))["models"]["classifier"] == "fixcaps 0.0.1"
    stage.press(trial, "‹ Back")
    stage.press(await shown(stage, opened, "Licence: none"), "Compare")
    compared = await shown(stage, opened, "compared")
    assert "fixcaps 0.0.2: 1 answers, 100 % with a warning" in (compared.text or "")
    assert "fixcaps 0.0.1: 1 answers, 0 % with a warning" in (compared.text or "")
    stage.press(compared, "‹ Back")
    stage.press(await shown(stage, opened, "Licence: none"), "End the trial")
    await shown(stage, opened, "The trial is over.")
    assert stage.application.trials.trial is None
    assert (await answered(stage, tried))["models"]["classifier"] == "fixcaps 0.0.1"
    entries, _total = await stage.database.staff.audit_page(0, 5)
    assert [(each.action, each.detail) for each in entries] == [(Action.TRIAL, "none"), (Action.TRIAL, f"{NEW} 10")]


async def test_in_the_shadow_both_read_and_the_admin_sees_what_would_change(stage: Stage) -> None:
    await stage.audience(EMMA)
    opened = await card(stage, "fixcaps 0.0.2")
    stage.press(opened, "Try in the shadow")
    await shown(stage, opened, "reads every photo too")
    assert (await answered(stage, EMMA))["models"]["classifier"] == "fixcaps 0.0.1"
    async with asyncio.timeout(60):
        while not await stage.database.opinions.of(NEW):
            pass
    stage.press(await card(stage, "fixcaps 0.0.2"), "Compare")
    compared = await stage.reply(ADMIN, "The same photos read by both: 1")
    assert "The same class: 100 %" in (compared.text or "")
    assert "A more urgent answer: 1, a less urgent one: 0" in (compared.text or "")
    # What is said of somebody's photo is theirs, and goes with them.
    assert [each["classifier"] for each in await stage.database.opinions.export(EMMA)] == [NEW]
    await stage.database.users.delete(EMMA)
    assert await stage.database.opinions.of(NEW) == []


async def test_a_trial_goes_on_after_a_restart(stage: Stage) -> None:
    trials = stage.application.trials
    await stage.database.staff.log(ADMIN, Action.TRIAL, f"{NEW} 10")
    await trials.resume()
    assert trials.trial is not None and (trials.trial.name, trials.trial.percent) == (NEW, 10)
    await trials.close()
    await stage.database.staff.log(ADMIN, Action.TRIAL, "fixcaps-9.9.9 10")
    await trials.resume()
    assert trials.trial is None


async def test_whoever_was_told_low_and_would_be_warned_is_told_once_and_reads_it_again(stage: Stage) -> None:
    await stage.audience(EMMA)
    assert (await answered(stage, EMMA))["risk"] == "low"
    stage.press(opened := await card(stage, "fixcaps 0.0.2"), "Serve this one")
    await shown(stage, opened, "Models that serve")
    stage.press(await card(stage, "✅ fixcaps 0.0.2"), "Old answers")
    asked = await stage.reply(ADMIN, "Old answers without a warning")
    assert "do not know yet: 0" in (asked.text or "")
    stage.press(asked, "Read old answers again")
    async with asyncio.timeout(60):
        while not await stage.database.opinions.of("fixcaps 0.0.2"):
            pass
    stage.people.press(ADMIN, asked.message_id, "old:look")
    counted = await shown(stage, asked, "do not know yet: 1")
    stage.press(counted, "Tell 1 people")
    news = await stage.reply(EMMA, "sees your photo of")
    await shown(stage, asked, "Notified: 1")
    stage.forge(ADMIN, "old:tell")
    stage.press(news, "Read it again now")
    assert (await stage.reply(EMMA, "Model 0.0.2.", news.message_id)).photo
    assert stage.deliveries(EMMA, "sees your photo of") == 1
    async with asyncio.timeout(60):
        while True:
            [kept] = (await stage.database.requests.export(EMMA))["requests"]
            if kept["result"]["models"]["classifier"] == "fixcaps 0.0.2":
                break
    assert kept["result"]["risk"] != "low"


async def test_an_old_result_offers_to_be_read_again_and_a_new_one_does_not(stage: Stage) -> None:
    await stage.audience(EMMA)
    await answered(stage, EMMA)
    listed = await stage.say(EMMA, "/history", "Your results")
    stage.press(listed, "1")
    same = await stage.reply(EMMA, "Model 0.0.1.", listed.message_id)
    assert "Read it again with the new model" not in str(same.reply_markup)
    stage.press(opened := await card(stage, "fixcaps 0.0.2"), "Serve this one")
    await shown(stage, opened, "Models that serve")
    listed = await stage.say(EMMA, "/history", "Your results")
    stage.press(listed, "1")
    old = await stage.reply(EMMA, "Model 0.0.1.", listed.message_id)
    stage.press(old, "Read it again with the new model")
    await stage.reply(EMMA, "Model 0.0.2.", old.message_id)


def write_reports(weights: Path) -> None:
    """What `publish` writes of both models."""
    for name, melanomas, benign in (("fixcaps-0.0.1", 0.8, 0.3), (NEW, 0.9, 0.25)):
        row = {"melanoma_warned": [melanomas, 0, 1], "benign_warned": [benign, 0, 1]}
        table = {"By set and kind of picture": {"PAD-UFES-20, photo by phone": row}}
        (weights / f"kinds-val-{name}.json").write_text(json.dumps({"tables": table}))


async def test_the_announcement_is_drafted_from_both_reports_in_both_languages_and_sent(
    stage: Stage, weights: Path
) -> None:
    write_reports(weights)
    await stage.audience(EMMA, IVAN)
    stage.press(await card(stage, "fixcaps 0.0.2"), "Announce the one that serves")
    asked = await stage.reply(ADMIN, "Recipients:")
    # Drafted by the one that serves beside the other: here it got worse, and says so.
    said = [each.text or "" for each in stage.heard(ADMIN)]
    [english] = [each for each in said if "A new version of my model" in each]
    assert "of 100 melanomas it warns of 80, before of 90" in english
    assert "of 100 benign spots it warns of 30, before of 25" in english
    stage.press(asked, "📣 Send it")
    await stage.reply(EMMA, "of 100 melanomas it warns of 80")
    await stage.reply(IVAN, "из 100 меланом")


async def test_the_words_of_the_draft_can_be_changed_in_the_chat(stage: Stage, weights: Path) -> None:
    write_reports(weights)
    await stage.audience(EMMA, IVAN)
    stage.press(await card(stage, "fixcaps 0.0.2"), "Announce the one that serves")
    asked = await stage.reply(ADMIN, "Recipients:")
    stage.press(asked, "✏️ Change the words")
    hint = await stage.reply(ADMIN, "Tap a text to copy it.")
    copied = [each for each in stage.heard(ADMIN) if any(part.type == "pre" for part in each.entities or [])]
    assert ["of 100 melanomas" in (each.text or "") for each in copied] == [True, False]
    other = await stage.say(ADMIN, "Better, in my words.", "Now the announcement in this language: Русский")
    assert other.message_id > hint.message_id
    again = await stage.say(ADMIN, "Лучше, моими словами.", "Recipients:")
    stage.press(again, "📣 Send it")
    await stage.reply(EMMA, "Better, in my words.")
    await stage.reply(IVAN, "Лучше, моими словами.")
    # The draft before is no longer one.
    alert = await stage.alert(ADMIN, stage.press(asked, "📣 Send it"))
    assert alert == "This announcement was already sent or cancelled."
