"""Who gets an answer, and who is stored."""

from pathlib import Path

from pydantic import SecretStr

from bot.composition import compose
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.ui.callbacks import Show
from bot.ui.i18n import load_i18n
from inference.engine.engine import Engine
from storage.database import Database
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA


async def test_a_group_is_no_place_for_results_and_nobody_is_kept_for_writing_there(
    sandbox: Sandbox, database: Database, tmp_path: Path
) -> None:
    settings = Settings(bot_token=SecretStr(sandbox.token), telegram_api_url=sandbox.base_url)
    async with compose(settings, database, Engine(IdlePool()), load_i18n()) as application:
        connecting = list(sandbox.world.calls)
        group = {"id": -100, "type": "supergroup", "title": "x"}
        emma = {"id": EMMA, "is_bot": False, "first_name": "Emma"}
        message = {"message_id": 5, "date": 0, "chat": group, "from": emma}
        picture = {"file_id": "a", "file_unique_id": "b", "width": 9, "height": 9}
        press = {
            "id": "7",
            "from": emma,
            "chat_instance": "1",
            "message": {**message, "text": "x"},
            "data": Show.CONSENT,
        }
        # Emma has the bot leave the group, which is not to block it.
        member = {"user": {"id": application.bot.id, "is_bot": True, "first_name": "bot"}}
        left = {
            "chat": group,
            "from": emma,
            "date": 0,
            "old_chat_member": {**member, "status": "member"},
            "new_chat_member": {**member, "status": "left"},
        }
        updates = [
            *({"message": {**message, **content}} for content in ({"text": "/start"}, {"photo": [picture]})),
            {"callback_query": press},
        ]
        for update in updates:
            await application.dispatcher.feed_raw_update(application.bot, {"update_id": 1, **update})
        assert await database.users.get(EMMA) is None
        await database.users.seen(EMMA, "en")
        await application.dispatcher.feed_raw_update(application.bot, {"update_id": 1, "my_chat_member": left})
        known = await database.users.get(EMMA)
        assert known is not None and known.blocked_at is None
        assert list(sandbox.world.calls) == connecting
