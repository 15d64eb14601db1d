"""Image files sent as documents."""

from bot.telegram.files import MAX_DOWNLOAD_BYTES
from tests.bot.stage import EMMA, Stage


async def test_a_file_over_20_mb_is_refused_without_a_download(stage: Stage) -> None:
    await stage.audience(EMMA)
    stage.people.send_document(EMMA, bytes(MAX_DOWNLOAD_BYTES + 1), "photo.png", "image/png", None)
    await stage.reply(EMMA, "This file is over 20 MB")
    assert [each for each in stage.sandbox.world.calls if each.method == "getFile"] == []
