"""The connection to Telegram: a bot that does not give up on the first failure, and its session."""

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import AnswerCallbackQuery, GetUpdates, Response, SendChatAction, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message
from aiohttp import ClientSession
from pydantic import ValidationError
from yarl import URL

from bot.telegram.parsing import fields, parse_message, parse_updates
from bot.telegram.retries import DEFAULT_RETRIES, RetryPolicy

LOOPBACK = ("localhost", "127.0.0.1", "::1")

logger = logging.getLogger(__name__)

# These are repeated by their callers anyway.
NEVER_REPEATED = (GetUpdates, SendChatAction)
PASSING = (TelegramServerError, TelegramNetworkError, ClientDecodeError)


class NotUnderstood(Exception):
    """Telegram has answered, but not in a way that can be parsed; to ask again would bring the same."""


class RetryingBot(Bot):
    """A bot whose calls outlast floods (429), server errors and broken connections.

    A call whose connection broke may have been carried out, so a message may come twice: for an answer
    that is better than not at all. What must not come twice goes through a plain `Bot`.
    """

    def __init__(
        self,
        token: str,
        session: BaseSession,
        default: DefaultBotProperties,
        retries: RetryPolicy,
        local_folder: Path | None,
    ) -> None:
        super().__init__(token, session, default)
        self.retries = retries
        self.local_folder = local_folder

    async def __call__(self, method: TelegramMethod[TelegramType], request_timeout: int | None = None) -> TelegramType:
        attempt = partial(super().__call__, method, request_timeout)
        if type(method) in NEVER_REPEATED:
            return await attempt()
        while True:
            try:
                return await self.retries.run(attempt, _pause, type(method).__name__)
            except TelegramRetryAfter as error:
                # This is no failure: Telegram says when to come again, be it in ten minutes.
                logger.warning("%s has to wait for %d s", type(method).__name__, error.retry_after)
                await asyncio.sleep(error.retry_after)
            except TelegramBadRequest as error:
                if isinstance(method, AnswerCallbackQuery) and "query is too old" in error.message:
                    # The press waited out a stop of the bot. What it asked for is done all the same.
                    return cast(TelegramType, True)
                if not _names_lost_topic(method, error):
                    raise
                # The topic was closed or deleted; the chat is still there. A reply would go to the topic again.
                elsewhere = method.model_copy(update={"message_thread_id": None, "reply_parameters": None})
                attempt = partial(super().__call__, elsewhere, request_timeout)


def _names_lost_topic(method: TelegramMethod[Any], error: TelegramBadRequest) -> bool:
    is_lost = any(each in error.message.lower() for each in ("thread not found", "topic_closed", "topic_deleted"))
    return is_lost and getattr(method, "message_thread_id", None) is not None


def _pause(error: Exception, delay: float) -> float | None:
    passing = isinstance(error, PASSING) and not isinstance(error, TelegramEntityTooLarge)
    return delay if passing else None


class Session(AiohttpSession):
    """A session that makes the type of each kind of answer once.

    pydantic forgets a type made from a generic one as soon as nobody holds it, and making one takes the event loop
    15 ms: with many calls that was a fifth of the bot's time.
    """

    def __init__(self, api: TelegramAPIServer) -> None:
        super().__init__(api=api)
        self._answers: dict[type[TelegramMethod[Any]], type[Response[Any]]] = {}

    async def create_session(self) -> ClientSession:
        """The HTTP session, which honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY but for a server on this machine."""
        if self._session is None or self._session.closed:
            host = URL(self.api.base.partition("{")[0]).host or ""
            trust_env = host not in LOOPBACK
            self._session = ClientSession(connector=self._connector_type(**self._connector_init), trust_env=trust_env)
        return self._session

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        if type(method) not in self._answers:
            self._answers[type(method)] = Response[method.__returning__]  # type: ignore[name-defined]  # a type by value
        try:
            return super().check_response(bot, method, status_code, content)
        except ClientDecodeError as error:
            if isinstance(error.original, ValidationError) and status_code == HTTPStatus.OK:
                return self._parsed_in_part(bot, method, error.data, error.original)
            # The content is personal data, and the text of an error ends in a log.
            raise ClientDecodeError(
                "not an answer of Telegram", ValueError(type(error.original).__name__), None
            ) from None

    def _parsed_in_part(
        self, bot: Bot, method: TelegramMethod[TelegramType], answer: Any, error: ValidationError
    ) -> Response[TelegramType]:
        """What Telegram has done, though its confirmation cannot be parsed as a whole.

        Raises:
            NotUnderstood: what was asked for is not in it.
        """
        result = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
        if isinstance(method, GetUpdates) and isinstance(result, list):
            found: Any = parse_updates(result, bot)
        elif method.__returning__ == list[Message] and isinstance(result, list):
            found = [parse_message(each, method, bot) for each in result]
        elif method.__returning__ in (Message, Message | bool) and result is not None:
            found = parse_message(result, method, bot)
        elif method.__returning__ is bool and result is not None:
            found = True
        else:
            raise NotUnderstood(f"{type(method).__name__}: {fields(error)}")
        return Response.model_construct(ok=True, result=found)


def open_session(api_url: str | None) -> Session:
    """A session with Telegram's own server, or with the Bot API server at `api_url`."""
    return Session(PRODUCTION if api_url is None else TelegramAPIServer.from_base(api_url))


def connect(
    token: str, session: Session, retries: RetryPolicy = DEFAULT_RETRIES, local_folder: Path | None = None
) -> RetryingBot:
    """The bot of `token`, which writes HTML by default.

    `local_folder` is where a Bot API server in local mode keeps its files; nothing outside of it is read.
    """
    return RetryingBot(token, session, DefaultBotProperties(parse_mode="HTML"), retries, local_folder)
