"""What an older Bot API server does not know is left out, and everything else still arrives."""

from pathlib import Path

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InlineKeyboardButton

from bot.sandbox.faults import Fault
from bot.ui.buttons import copying, keyboard
from tests.bot.stage import EMMA, open_stage

DATED = 'until <tg-time unix="1700000000" format="D">14 November 2023</tg-time>'


@pytest.mark.parametrize("kind", ["unknown_tag", "unknown_button"])
async def test_a_message_comes_without_what_the_server_does_not_know(tmp_path: Path, kind: str) -> None:
    async with open_stage(tmp_path) as stage:
        await stage.audience(EMMA)
        stage.sandbox.world.faults.faults.append(Fault(kind=kind, method="sendMessage"))  # type: ignore[arg-type]
        buttons = keyboard([copying("Copy", "code")], [("Open", "open")])
        sent = await stage.bot.send_message(EMMA, DATED, reply_markup=buttons)
        assert sent.text == "until 14 November 2023" and not sent.entities
        assert sent.reply_markup is not None
        assert [[each.text for each in row] for row in sent.reply_markup.inline_keyboard] == [["Open"]]


async def test_what_holds_nothing_new_is_refused_as_before(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await stage.audience(EMMA)
        stage.sandbox.world.faults.faults.append(Fault(kind="unknown_button", method="sendMessage"))
        with pytest.raises(TelegramBadRequest, match="Text buttons"):
            await stage.bot.send_message(EMMA, "x", reply_markup=keyboard([InlineKeyboardButton(text="x")]))
