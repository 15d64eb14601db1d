"""Text and buttons that mean nothing."""

from tests.bot.stage import EMMA, Stage


async def test_an_unknown_button_is_answered(stage: Stage) -> None:
    stage.forge(EMMA, "gone:1")
    calls = stage.sandbox.world.calls
    await stage.until(lambda: [each for each in calls if each.params.get("text") == "This button no longer works."])
