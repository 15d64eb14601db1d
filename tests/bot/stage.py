"""The bot's handlers in this process, against the sandbox over HTTP and a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from aiogram import Bot
from aiogram.types import Message, MessageEntity, User
from cryptography.fernet import Fernet

from bot.application import build_dispatcher
from bot.handlers import ROUTERS
from bot.middlewares.in_flight import InFlight
from bot.operator.broadcasts import Broadcaster
from bot.photos.inbox import Inbox
from bot.photos.service import PhotoService
from bot.sandbox.people import People
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.telegram.client import connect, open_session
from bot.telegram.rate_limit import RateLimiter
from bot.ui.i18n import load_i18n
from inference.engine.engine import Engine
from storage import Database

T = TypeVar("T")

ADMIN = 1
EMMA = 1001
IVAN = 1002


class Stage:
    """The sandbox with the bot's handlers running against it."""

    def __init__(
        self, sandbox: Sandbox, database: Database, bot: Bot, rate_limiter: RateLimiter, broadcaster: Broadcaster
    ) -> None:
        self.sandbox = sandbox
        self.database = database
        self.bot = bot
        self.rate_limiter = rate_limiter
        self.broadcaster = broadcaster
        self.people = People(sandbox.world)

    async def until(self, condition: Callable[[], T | None], seconds: float = 20) -> T:
        """The first thing `condition` finds; it is asked again whenever anything happens."""
        events = self.sandbox.world.events
        async with asyncio.timeout(seconds):
            while True:
                version = events.version
                if found := condition():
                    return found
                await events.beyond(version, seconds)

    def heard(self, user: int) -> list[Message]:
        """What the bot has said to somebody, as it stands now."""
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
        """Press a button and say which press it was."""
        assert message.reply_markup is not None
        buttons = [each for row in message.reply_markup.inline_keyboard for each in row]
        data = next(each.callback_data for each in buttons if each.text == label)
        assert data is not None
        return self.people.press(message.chat.id, message.message_id, data).callback_query_id

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
        """Everything up to the question whether to send; returns the question."""
        await self.say(ADMIN, "/broadcast", "Send me the announcement")
        return await self.say(ADMIN, text, "Recipients:")

    async def announce(self, text: str = "A better model.") -> Message:
        """A broadcast from the command to the summary; returns the message of question, progress, summary."""
        question = await self.draft(text)
        self.press(question, "📣 Send it")
        return await self.until(lambda: self.finished(question))

    def finished(self, question: Message) -> Message | None:
        now = self.sandbox.world.people[ADMIN].messages[question.message_id]
        return now if "is sent." in (now.text or "") else None

    def deliveries(self, user: int, part: str) -> int:
        """How many messages with `part` somebody has got (as calls that the sandbox carried out)."""
        return sum(part in (each.text or each.caption or "") for each in self.heard(user))


@asynccontextmanager
async def open_stage(folder: Path, engine: Engine | None = None) -> AsyncIterator[Stage]:
    """A stage whose admin has already written to the bot. Without an engine it has one that is not started."""
    i18n = load_i18n()
    async with Sandbox(admin_id=ADMIN) as sandbox:
        database = await Database.open(f"sqlite+aiosqlite:///{folder}/bot.db", Fernet.generate_key())
        session = open_session(sandbox.base_url)
        session.middleware(Inbox(database))
        bot = connect(sandbox.token, session)
        supervisor, in_flight = Supervisor(), InFlight()
        engine = engine or Engine(folder)
        rate_limiter = RateLimiter()
        broadcaster = Broadcaster(bot, database, supervisor, i18n, rate_limiter)
        dispatcher = build_dispatcher(
            in_flight,
            i18n,
            database=database,
            engine=engine,
            settings=Settings(admin_ids=frozenset({ADMIN})),
            supervisor=supervisor,
            broadcaster=broadcaster,
            photo_service=PhotoService(bot, database, engine, i18n, supervisor, rate_limiter),
        )
        polling = asyncio.create_task(
            dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=5)
        )
        stage = Stage(sandbox, database, bot, rate_limiter, broadcaster)
        await stage.until(lambda: [each for each in sandbox.world.calls if each.method == "getUpdates"])
        stage.people.write(ADMIN, "hello")
        await stage.reply(ADMIN, "I do not understand text")
        yield stage
        await dispatcher.stop_polling()
        await polling
        await in_flight.drain(0)
        await supervisor.stop()
        await session.close()
        await database.close()
    for router in ROUTERS:
        # A router belongs to one dispatcher for life; the next test has another.
        router._parent_router = None
