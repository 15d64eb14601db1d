"""/models: the figures that matter, a card each, and another classifier served without a stop."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.operator.releases import FOLLOW, chosen_classifier
from inference.engine.engine import Engine
from inference.engine.pool import WorkerPool
from inference.registry.file import RegistryFile
from storage.audit import Action
from tests.bot.stage import ADMIN, EMMA, Stage, open_stage
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
