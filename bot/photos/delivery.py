"""Sending of answers: which message of Telegram carries what."""

import logging
from collections.abc import Sequence

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)
from aiogram.utils.i18n import gettext as _

from bot.photos.inbox import largest
from bot.results import Result, Trouble
from bot.ui import actions, apologies, explanations, replies, texts
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Show
from inference.engine.engine import Explanation
from storage.records import Request

logger = logging.getLogger(__name__)

NOT_ACCEPTED = (TelegramBadRequest, TelegramEntityTooLarge)

Picture = tuple[Request, Result, bytes | None]


def consent_keyboard() -> InlineKeyboardMarkup:
    """The one button before the first photo."""
    return keyboard([(_("✅ I understand and agree"), Show.CONSENT)])


async def send_consent_request(bot: Bot, request: Request, operator: str | None) -> None:
    """Answer a photo that came before the agreement."""
    text = apologies.apology(Trouble.NO_CONSENT) + "\n\n" + texts.terms(operator)
    await bot.send_message(request.chat_id, text, reply_parameters=_reply_to(request), reply_markup=consent_keyboard())


async def send_text(bot: Bot, request: Request, result: Result) -> None:
    """Say a result, or the reason why there is none, without a photo."""
    await bot.send_message(
        request.chat_id,
        replies.result_text(result),
        reply_parameters=_reply_to(request),
        reply_markup=actions.keyboard(result, request.id),
    )


async def send_answer(bot: Bot, request: Request, result: Result, annotated: bytes | None) -> dict[int, str]:
    """Send one result, with its photo if it has one. Returns the photo's file id by request, if any."""
    if annotated is None:
        await send_text(bot, request, result)
        return {}
    try:
        message = await bot.send_photo(
            request.chat_id,
            _upload(request, annotated),
            caption=replies.answer(result),
            reply_parameters=_reply_to(request),
            reply_markup=actions.keyboard(result, request.id),
        )
    except NOT_ACCEPTED as error:
        # A picture that Telegram does not take is no reason to keep the words back.
        logger.warning("photo of request %d not accepted: %s", request.id, error.message)
        await send_text(bot, request, result)
        return {}
    return _file_ids([request], [message])


async def send_album(bot: Bot, pictures: Sequence[Picture]) -> dict[int, str]:
    """Send the results of an album: its annotated photos as one album, then everything in one message.

    Returns the file ids of the annotated photos by request. An album shows no captions until a photo is
    opened, so the message after it repeats what matters. Where Telegram does not take the album, each result
    comes in a message of words instead.
    """
    shown = [
        (
            request,
            InputMediaPhoto(media=_upload(request, annotated), caption=replies.answer(result, number=number)),
        )
        for number, (request, result, annotated) in enumerate(pictures, 1)
        if annotated is not None
    ]
    sent: dict[int, str] = {}
    first = pictures[0][0]
    try:
        if len(shown) > 1:
            messages = await bot.send_media_group(
                first.chat_id, [media for _request, media in shown], reply_parameters=_reply_to(first)
            )
            sent = _file_ids([request for request, _media in shown], messages)
        elif shown:
            request, media = shown[0]
            message = await bot.send_photo(
                first.chat_id, media.media, caption=media.caption, reply_parameters=_reply_to(request)
            )
            sent = _file_ids([request], [message])
    except NOT_ACCEPTED as error:
        logger.warning("album of request %d not accepted: %s", first.id, error.message)
        # A line in a summary is no answer: it leaves out all percentages but one.
        for request, result, _annotated in pictures:
            await send_text(bot, request, result)
        return {}
    await bot.send_message(
        first.chat_id,
        replies.summary([result for _request, result, _annotated in pictures]),
        reply_parameters=_reply_to(first),
        reply_markup=actions.album_keyboard(
            {number: (result, request.id) for number, (request, result, _) in enumerate(pictures, 1) if result.label}
        ),
    )
    return sent


async def send_explanation(bot: Bot, request: Request, answered: Result, explanation: Explanation) -> None:
    """Send what made the model give an answer; `answered` is the earlier answer."""
    result = Result.of(explanation.analysis)
    if explanation.drawing is None or explanation.measures is None:
        await send_text(bot, request, result)
        return
    text = explanations.caption(result, answered, explanation.measures)
    picture = BufferedInputFile(explanation.drawing, f"{request.id}-why.jpg")
    try:
        await bot.send_photo(request.chat_id, picture, caption=text, reply_parameters=_reply_to(request))
    except NOT_ACCEPTED as error:
        logger.warning("explanation of request %d not accepted: %s", request.id, error.message)
        await bot.send_message(request.chat_id, text, reply_parameters=_reply_to(request))


def _upload(request: Request, annotated: bytes) -> BufferedInputFile:
    return BufferedInputFile(annotated, f"{request.id}.jpg")


def _reply_to(request: Request) -> ReplyParameters:
    return ReplyParameters(message_id=request.message_id, allow_sending_without_reply=True)


def _file_ids(requests: Sequence[Request], messages: Sequence[Message]) -> dict[int, str]:
    return {
        request.id: largest(message.photo).file_id
        for request, message in zip(requests, messages, strict=True)
        if message.photo
    }
