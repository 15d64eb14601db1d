"""The bot without Telegram: the sandbox with this bot's name, a few people and the sample pictures."""

from functools import partial
from pathlib import Path

from aiogram.types import User

from bot.samples import SAMPLES, sample
from bot.sandbox import Sandbox

NEWCOMER_IDS = (1001, 1002, 1003)


def demo_sandbox(admin_id: int, token: str | None = None, local_folder: Path | None = None) -> Sandbox:
    """A sandbox with Emma, Ivan and the admin. It is not started yet. Without a token it invents one."""
    emma, ivan = [number for number in NEWCOMER_IDS if number != admin_id][:2]
    return Sandbox(
        token=token,
        name="Lesion triage",
        username="lesion_triage_bot",
        people=[
            User(id=emma, is_bot=False, first_name="Emma", language_code="en"),
            User(id=ivan, is_bot=False, first_name="Иван", language_code="ru"),
            User(id=admin_id, is_bot=False, first_name="Admin", language_code="en"),
        ],
        local_folder=local_folder,
        samples={f"{title}, drawn by code": partial(sample, name) for name, title in SAMPLES.items()},
    )
