"""/retrain: starts a retraining, shows its progress in one message, and says how it ended, also after a restart."""

import asyncio
import contextlib
import logging
import shutil
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import FSInputFile, InlineKeyboardMarkup
from aiogram.utils.i18n import I18n

from bot.operator.access import Access
from bot.operator.trainer import AlreadyRunning, Trainer
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui import retraining as ui
from bot.ui.i18n import supported_language
from storage.audit import Action
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.retrainings import Retraining
from storage.retry import until_stored

LOOK_SECONDS = 3.0
NOTE_EVERY = timedelta(minutes=1)
ENDED = ("finished", "failed", "cancelled")

logger = logging.getLogger(__name__)


class Retrainer:
    """One retraining at a time, across all bots on the database.

    Args:
        trainer: runs it; None if this machine cannot train.
        export: writes the training pool into a folder.
    """

    def __init__(
        self,
        bot: RetryingBot,
        database: Database,
        i18n: I18n,
        supervisor: Supervisor,
        rate_limiter: RateLimiter,
        access: Access,
        trainer: Trainer | None,
        export: Callable[[Path], Awaitable[Any]],
    ) -> None:
        self._bot = bot
        self._database = database
        self._i18n = i18n
        self._supervisor = supervisor
        self._rate_limiter = rate_limiter
        self._access = access
        self._trainer = trainer
        self._export = export
        self._machine = f"{socket.gethostname()} {trainer.folder.absolute()}"[:255] if trainer else ""

    @property
    def can_train(self) -> bool:
        return self._trainer is not None

    async def current(self) -> Retraining | None:
        """The running one, here or elsewhere."""
        return await self._database.retrainings.current()

    async def start(self, actor_id: int, message_id: int) -> bool:
        """Start one and show its progress in this message; False if one is running. Needs `can_train`."""
        retraining = Retraining(actor_id, message_id, self._machine, datetime.now(UTC))
        if not await self._database.retrainings.begin(retraining):
            return False
        self._supervisor.start(self._run(retraining), "retraining")
        return True

    async def stop(self, actor_id: int) -> bool:
        """Stop the one on this machine; False if there is none."""
        retraining = await self.current()
        if self._trainer is None or retraining is None or retraining.machine != self._machine:
            return False
        await self._access.log(actor_id, Action.RETRAIN, "cancel")
        await asyncio.to_thread(self._trainer.stop)
        return True

    async def resume(self) -> None:
        """Watch the one that was running when the bot stopped, or say that it has ended."""
        retraining = await until_stored(self.current)
        if self._trainer is not None and retraining is not None and retraining.machine == self._machine:
            await self._follow(retraining, self._trainer)

    async def _run(self, retraining: Retraining) -> None:
        trainer = self._trainer
        assert trainer is not None
        try:
            await asyncio.to_thread(trainer.prepare)
            await self._export(trainer.pool)
            await asyncio.to_thread(trainer.start)
        except AlreadyRunning:
            logger.info("a retraining runs here already: it is watched from now on")
        except (OSError, StorageUnavailable) as error:
            await self._end(retraining, trainer, {"state": "failed", "error": str(error)})
            return
        await self._follow(retraining, trainer)

    async def _follow(self, retraining: Retraining, trainer: Trainer) -> None:
        shown, noted = "", datetime.min.replace(tzinfo=UTC)
        while await asyncio.to_thread(trainer.is_running):
            if datetime.now(UTC) - noted > NOTE_EVERY:
                noted = datetime.now(UTC)
                await until_stored(partial(self._database.retrainings.watch, self._machine, noted))
            progress = await asyncio.to_thread(trainer.progress)
            with await self._language(retraining):
                text, markup = ui.progress(progress)
            # A process that says how it ended runs for a moment longer.
            if text != shown and progress.get("state") not in ENDED:
                await self._edit(retraining, text, markup)
                shown = text
            await asyncio.sleep(LOOK_SECONDS)
        progress = dict(await asyncio.to_thread(trainer.progress))
        if progress.get("state") not in ENDED:
            # It was killed, or could not begin.
            progress |= {"state": "failed", "error": await asyncio.to_thread(trainer.last_words)}
        await self._end(retraining, trainer, progress)

    async def _end(self, retraining: Retraining, trainer: Trainer, progress: dict[str, Any]) -> None:
        # People's photos must stay only in the database.
        await asyncio.to_thread(shutil.rmtree, trainer.pool, ignore_errors=True)
        publishing = trainer.publishing(progress.get("candidate", ""))
        with await self._language(retraining):
            short, text = ui.ended(progress, publishing)
        if not await until_stored(partial(self._database.retrainings.end, self._machine)):
            return
        logger.info("the retraining has ended: %s", progress["state"])
        await self._edit(retraining, short, None)
        await self._tell(retraining.actor_id, text, trainer, progress)

    async def _tell(self, user_id: int, text: str, trainer: Trainer, progress: dict[str, Any]) -> None:
        report = trainer.folder / "report.md"
        await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=user_id)
        try:
            if progress["state"] == "finished" and report.is_file():
                await self._bot.send_document(user_id, FSInputFile(report), caption=text)
            else:
                await self._bot.send_message(user_id, text)
        except AiogramError as error:
            logger.warning("the end of a retraining did not reach its author: %s", type(error).__name__)

    async def _edit(self, retraining: Retraining, text: str, markup: InlineKeyboardMarkup | None) -> None:
        await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=retraining.actor_id)
        with contextlib.suppress(TelegramBadRequest):
            try:
                await self._bot.edit_message_text(
                    text, chat_id=retraining.actor_id, message_id=retraining.message_id, reply_markup=markup
                )
            except TelegramBadRequest:
                raise
            except AiogramError as error:
                logger.info("the progress of a retraining is not shown: %s", type(error).__name__)

    async def _language(self, retraining: Retraining) -> contextlib.AbstractContextManager[object]:
        user = await until_stored(partial(self._database.users.get, retraining.actor_id))
        stack = contextlib.ExitStack()
        stack.enter_context(self._i18n.context())
        stack.enter_context(self._i18n.use_locale(supported_language(user.language if user else None)))
        return stack
