"""/models: the figures that matter, a card each, and another classifier served without a stop."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.operator.releases import FOLLOW, chosen_classifier
from bot.samples import sample
from inference.engine.engine import Engine
from inference.engine.pool import WorkerPool
from inference.registry.file import RegistryFile
from storage.audit import Action
from storage.records import Outcome
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage, open_stage
from tests.inference.releases import write_release

NEW = "fixcaps-0.0.2"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A registry that serves fixcaps 0.0.1 and holds 0.0.2 as well."""
    folder = write_release(tmp_path / "weights")
    file = RegistryFile.load(folder)
    served = file.served_classifier
    file.register(served.with_changes(version="0.0.2")).save(folder)
    RegistryFile.load(folder).model_copy(update={"classifier": served.key}).save(folder)
    return folder


@pytest.fixture
async def stage(tmp_path: Path, weights: Path) -> AsyncIterator[Stage]:
    engine = Engine(WorkerPool(weights))
    await engine.start()
    async with open_stage(tmp_path, engine, weights_dir=weights) as stage:
        yield stage
    await engine.stop()


async def activated(stage: Stage, label: str) -> str:
    """Open the list, open the card behind `label` and press the button; returns the list that comes back."""
    listed = await stage.say(ADMIN, "/models", "Models that serve")
    shown = stage.sandbox.world.people[ADMIN].messages
    stage.press(listed, label)
    await stage.until(lambda: "Licence: none" in (shown[listed.message_id].text or ""))
    stage.press(shown[listed.message_id], "Serve this one")
    await stage.until(lambda: "Models that serve" in (shown[listed.message_id].text or ""), seconds=60)
    return shown[listed.message_id].text or ""


async def test_another_release_serves_without_a_restart_and_is_remembered(stage: Stage, weights: Path) -> None:
    engine, staff = stage.application.engine, stage.database.staff
    text = await activated(stage, "fixcaps 0.0.2")
    assert "fixcaps 0.0.2 · class" in text and engine.models[0].version == "0.0.2"
    assert await staff.last(Action.ACTIVATE) == NEW
    assert await chosen_classifier(staff, weights) == NEW
    # Back to what the registry serves: from then on the registry decides again.
    await activated(stage, "fixcaps 0.0.1")
    assert engine.models[0].version == "0.0.1" and await staff.last(Action.ACTIVATE) == FOLLOW
    assert await chosen_classifier(staff, weights) is None


async def test_photos_sent_while_a_model_is_activated_and_rolled_back_are_all_answered(stage: Stage) -> None:
    await stage.audience(EMMA, IVAN)
    versions: list[str] = []
    over = asyncio.Event()

    async def keep_sending(user: int) -> None:
        """One photo after another, and so always one under way."""
        while not over.is_set():
            [sent] = await stage.people.send_photos(user, [sample("mole")])
            while True:
                request = await stage.database.requests.of_message(user, sent.message_id)
                if request is not None and request.outcome in (Outcome.ANSWERED, Outcome.REFUSED, Outcome.FAILED):
                    break
                await asyncio.sleep(0.05)
            assert request.outcome is Outcome.ANSWERED, request.result
            versions.append((request.result or {})["models"]["classifier"])

    async def served(version: str) -> None:
        known = len(versions)
        while version not in versions[known:]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        for user in (EMMA, IVAN):
            group.create_task(keep_sending(user))
        await served("fixcaps 0.0.1")
        await activated(stage, "fixcaps 0.0.2")
        await served("fixcaps 0.0.2")
        await activated(stage, "fixcaps 0.0.1")
        await served("fixcaps 0.0.1")
        over.set()
    assert set(versions) == {"fixcaps 0.0.1", "fixcaps 0.0.2"}


async def test_a_release_that_cannot_be_served_leaves_the_old_one(stage: Stage, weights: Path) -> None:
    file = RegistryFile.load(weights)
    [member] = file.find_classifier(NEW).members
    missing = member.model_copy(update={"served": member.served.model_copy(update={"file": "gone.onnx"})})
    file.replace(file.find_classifier(NEW).with_changes(members=(missing,))).save(weights)
    listed = await stage.say(ADMIN, "/models", "Models that serve")
    shown = stage.sandbox.world.people[ADMIN].messages
    stage.press(listed, "fixcaps 0.0.2")
    await stage.until(lambda: "Licence: none" in (shown[listed.message_id].text or ""))
    stage.press(shown[listed.message_id], "Serve this one")
    await stage.until(lambda: "the old one goes on" in (shown[listed.message_id].text or ""))
    assert stage.application.engine.models[0].version == "0.0.1"
    assert await stage.database.staff.last(Action.ACTIVATE) is None


async def test_a_choice_that_is_no_longer_released_is_given_up(stage: Stage, weights: Path) -> None:
    await stage.database.staff.log(ADMIN, Action.ACTIVATE, "fixcaps-9.9.9")
    assert await chosen_classifier(stage.database.staff, weights) is None


async def test_to_others_the_buttons_do_nothing(stage: Stage) -> None:
    stage.forge(EMMA, "activate:00000000")
    calls = stage.sandbox.world.calls
    answer = await stage.until(lambda: next((each for each in calls if each.method == "answerCallbackQuery"), None))
    assert answer.params["text"] == "This button no longer works."
