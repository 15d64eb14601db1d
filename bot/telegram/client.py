"""The connection to Telegram: a bot that retries failed calls, and its session."""

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
from aiogram.methods import (
    AnswerCallbackQuery,
    GetUpdates,
    Response,
    SendChatAction,
    SendMessageDraft,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from aiogram.types import Message
from aiohttp import ClientSession
from pydantic import ValidationError
from yarl import URL

from bot.telegram.newer import plainer
from bot.telegram.parsing import fields, parse_message, parse_updates
from bot.telegram.retries import DEFAULT_RETRIES, RetryPolicy

LOOPBACK = ("localhost", "127.0.0.1", "::1")

logger = logging.getLogger(__name__)

# Their callers repeat these anyway.
NEVER_REPEATED = (GetUpdates, SendChatAction, SendMessageDraft)
PASSING = (TelegramServerError, TelegramNetworkError, ClientDecodeError)


class NotUnderstood(Exception):
    """Telegram's answer cannot be parsed. Asking again would bring the same answer."""


class RetryingBot(Bot):
    """A bot that repeats calls after rate limiting (429), server errors and broken connections.

    A call with a broken connection may have succeeded, so a message may come twice. For an answer that is better than
    no answer. Messages that must not come twice go through a plain `Bot`.
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
                # This is no failure: Telegram says when to try again, even if it is in ten minutes.
                logger.warning("%s has to wait for %d s", type(method).__name__, error.retry_after)
                await asyncio.sleep(error.retry_after)
            except TelegramBadRequest as error:
                if isinstance(method, AnswerCallbackQuery) and "query is too old" in error.message:
                    # The button was pressed while the bot was stopped. The action itself is still done.
                    return cast(TelegramType, True)
                simpler = plainer(method, error)
                if simpler is not None:
                    method, attempt = simpler, partial(super().__call__, simpler, request_timeout)
                    continue
                if not _names_lost_topic(method, error):
                    raise
                # The topic was closed or deleted, but the chat still exists. A reply would go to the topic again.
                elsewhere = method.model_copy(update={"message_thread_id": None, "reply_parameters": None})
                attempt = partial(super().__call__, elsewhere, request_timeout)


def _names_lost_topic(method: TelegramMethod[Any], error: TelegramBadRequest) -> bool:
    is_lost = any(each in error.message.lower() for each in ("thread not found", "topic_closed", "topic_deleted"))
    return is_lost and getattr(method, "message_thread_id", None) is not None


def _pause(error: Exception, delay: float) -> float | None:
    passing = isinstance(error, PASSING) and not isinstance(error, TelegramEntityTooLarge)
    return delay if passing else None


class Session(AiohttpSession):
    """A session that creates the pydantic type of each kind of answer only once.

    pydantic drops a parametrised generic type when nobody refers to it, and creating one blocks the event loop for 15
    ms. With many calls that was a fifth of the bot's time.
    """

    def __init__(self, api: TelegramAPIServer) -> None:
        super().__init__(api=api)
        self._answers: dict[type[TelegramMethod[Any]], type[Response[Any]]] = {}

    async def create_session(self) -> ClientSession:
        """The HTTP session. It uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY, except for a server on this machine."""
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
            # The content is personal data and must not get into a log with the text of an error.
            raise ClientDecodeError(
                "not an answer of Telegram", ValueError(type(error.original).__name__), None
            ) from None

    def _parsed_in_part(
        self, bot: Bot, method: TelegramMethod[TelegramType], answer: Any, error: ValidationError
    ) -> Response[TelegramType]:
        """The confirmation of a call, reduced to the parts that can be parsed.

        Raises:
            NotUnderstood: the needed parts are not in it.
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
    """A session with Telegram's server, or with the Bot API server at `api_url`."""
    return Session(PRODUCTION if api_url is None else TelegramAPIServer.from_base(api_url))


def connect(
    token: str, session: Session, retries: RetryPolicy = DEFAULT_RETRIES, local_folder: Path | None = None
) -> RetryingBot:
    """The bot with this token. Its default format is HTML.

    `local_folder` is the folder of files of a Bot API server in local mode. No file outside it is read.
    """
    return RetryingBot(token, session, DefaultBotProperties(parse_mode="HTML"), retries, local_folder)
