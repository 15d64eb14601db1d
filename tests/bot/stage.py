"""The application in this process, against the sandbox over HTTP and a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from aiogram.types import CallbackQuery, Chat, Message, MessageEntity, User
from aiogram.utils.backoff import BackoffConfig
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.application import Application
from bot.composition import compose
from bot.demo import demo_sandbox
from bot.sandbox import Sandbox
from bot.sandbox.people import People
from bot.settings import Settings
from bot.telegram.rate_limit import Pace
from bot.telegram.retries import DEFAULT_RETRIES, RetryPolicy
from bot.ui.i18n import load_i18n
from inference.engine.engine import DEFAULT_WEIGHTS, Engine
from storage import Database
from tests.bot.pace import QUICK
from tests.bot.pools import IdlePool

T = TypeVar("T")

ADMIN = 1
EMMA = 1001
IVAN = 1002

# Soon gives a call up, and soon tries it again.
HASTY = RetryPolicy(repeats=1, backoff=BackoffConfig(min_delay=0.01, max_delay=0.02, factor=2, jitter=0))


class Stage:
    """The sandbox with the application running against it."""

    def __init__(self, sandbox: Sandbox, application: Application) -> None:
        self.sandbox = sandbox
        self.application = application
        self.database = application.database
        self.bot = application.bot
        self.people = People(sandbox.world)

    async def until(self, condition: Callable[[], T | None], seconds: float = 20) -> T:
        """The first result of `condition`, which is called again after every event."""
        events = self.sandbox.world.events
        async with asyncio.timeout(seconds):
            while True:
                version = events.version
                if found := condition():
                    return found
                await events.beyond(version, seconds)

    def heard(self, user: int) -> list[Message]:
        """The bot's current messages to somebody."""
        messages = self.sandbox.world.people[user].messages.values()
        return [each for each in messages if each.from_user and each.from_user.is_bot]

    async def reply(self, user: int, part: str, after: int = 0) -> Message:
        """The bot's first message beyond number `after` that has `part` in it."""

        def find() -> Message | None:
            said = [each for each in self.heard(user) if each.message_id > after]
            return next((each for each in said if part in (each.text or each.caption or "")), None)

        return await self.until(find)

    async def say(self, user: int, text: str, part: str, entities: list[MessageEntity] | None = None) -> Message:
        """Write to the bot and wait for the reply with `part` in it."""
        sent = self.people.write(user, text, entities=entities)
        return await self.reply(user, part, sent.message_id)

    def press(self, message: Message, label: str) -> str:
        """Press a button; returns the press."""
        assert message.reply_markup is not None
        buttons = [each for row in message.reply_markup.inline_keyboard for each in row]
        data = next(each.callback_data for each in buttons if each.text == label)
        assert data is not None
        return self.people.press(message.chat.id, message.message_id, data).callback_query_id

    def forge(self, user: int, data: str) -> None:
        """A press of a button that the bot never showed to this person."""
        chat = Chat(id=user, type="private")
        message = Message(message_id=1, date=0, chat=chat, text="x")  # type: ignore[arg-type]
        sender = User(id=user, is_bot=False, first_name="x", language_code="en")
        query = CallbackQuery(id="7", from_user=sender, chat_instance="1", message=message, data=data)
        self.sandbox.world.updates.push("callback_query", query)

    async def alert(self, user: int, press: str) -> str | None:
        presses = self.sandbox.world.people[user].presses
        answered = await self.until(lambda: presses[press] if presses[press].answered else None)
        return answered.text if answered.show_alert else None

    async def audience(self, *users: int) -> None:
        """People who use the bot: they have written to it and agreed."""
        for user in users:
            if user not in self.sandbox.world.people:
                self.sandbox.world.join(User(id=user, is_bot=False, first_name="Reader", language_code="en"))
            language = self.sandbox.world.people[user].user.language_code
            self.sandbox.world.people[user].started = True
            await self.database.users.seen(user, language)
            await self.database.users.consent(user)

    async def draft(self, text: str = "A better model.") -> Message:
        """Write an announcement up to the question whether to send it; returns the question."""
        await self.say(ADMIN, "/broadcast", "Send me the announcement")
        asked = await self.say(ADMIN, text, "Now the announcement in this language")
        self.press(asked, "The same for everybody")
        return await self.reply(ADMIN, "Recipients:", asked.message_id)

    async def announce(self, text: str = "A better model.") -> Message:
        """A broadcast from the command to the summary; returns the message of question, progress, summary."""
        question = await self.draft(text)
        self.press(question, "📣 Send it")
        return await self.until(lambda: self.finished(question))

    def finished(self, question: Message) -> Message | None:
        now = self.sandbox.world.people[ADMIN].messages[question.message_id]
        return now if "is sent." in (now.text or "") else None

    def deliveries(self, user: int, part: str) -> int:
        """How many messages with `part` somebody got (counted as successful calls)."""
        return sum(part in (each.text or each.caption or "") for each in self.heard(user))


@asynccontextmanager
async def open_stage(
    folder: Path,
    engine: Engine | None = None,
    retries: RetryPolicy = DEFAULT_RETRIES,
    weights_dir: Path = DEFAULT_WEIGHTS,
    pace: Pace = QUICK,
    retrain_command: str | None = None,
    mini_app_url: str | None = None,
    token: str | None = None,
) -> AsyncIterator[Stage]:
    """A stage whose administrator has written to the bot. Its default engine is not started."""
    async with demo_sandbox(ADMIN, token) as sandbox, open_test_database(folder) as database:
        settings = Settings(
            bot_token=SecretStr(sandbox.token),
            telegram_api_url=sandbox.base_url,
            admin_ids=frozenset({ADMIN}),
            weights_dir=weights_dir,
            data_dir=folder,
            retrain_command=retrain_command,
            mini_app_url=mini_app_url,
            stop_seconds=0,
        )
        engine = engine or Engine(IdlePool())
        async with compose(settings, database, engine, load_i18n(), retries, pace) as application:
            stage = Stage(sandbox, application)
            stage.people.write(ADMIN, "testing")
            serving = asyncio.create_task(application.serve(handle_signals=False))
            await stage.reply(ADMIN, "I do not understand this")
            yield stage
            await application.dispatcher.stop_polling()
            await serving


@asynccontextmanager
async def open_test_database(folder: Path) -> AsyncIterator[Database]:
    """An empty database `bot.db` in the folder."""
    database = await Database.open(f"sqlite+aiosqlite:///{folder}/bot.db", Fernet.generate_key())
    yield database
    await database.close()
