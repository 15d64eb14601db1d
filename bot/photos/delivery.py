"""Sends answers as Telegram's messages."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import TypedDict

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import (
    BufferedInputFile,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)
from aiogram.utils.i18n import gettext as _

from bot.guidance.advice import holding_picture, refusal_picture
from bot.photos.asked import largest
from bot.results import Result
from bot.telegram.gone import is_gone
from bot.telegram.outages import until_reached
from bot.ui import actions, explanations, replies
from bot.ui.buttons import keyboard
from bot.ui.callbacks import HistoryEntry, HistoryPage
from inference.analysis import Refusal
from inference.engine.engine import Explanation
from storage.records import Request

logger = logging.getLogger(__name__)

NOT_ACCEPTED = (TelegramBadRequest, TelegramEntityTooLarge)


class Place(TypedDict):
    reply_parameters: ReplyParameters
    message_thread_id: int | None


Picture = tuple[Request, Result, bytes | None]


async def send_text(bot: Bot, request: Request, result: Result) -> None:
    """Send a result, or the reason why there is none, as text."""
    await bot.send_message(
        request.chat_id,
        replies.result_text(result),
        **place(request),
        reply_markup=actions.keyboard(result, request.id),
    )


async def send_refusal(bot: Bot, request: Request, result: Result) -> None:
    """Say why a photo got no class, with a drawing of such a photo and of a good one."""
    if not isinstance(result.reason, Refusal):
        raise ValueError("only what the picture itself is refused for has an example")
    picture = BufferedInputFile(await refusal_picture(result.reason), f"{result.reason}.jpg")
    markup = actions.keyboard(result, request.id)
    text = replies.result_text(result)
    try:
        await bot.send_photo(request.chat_id, picture, caption=text, **place(request), reply_markup=markup)
    except NOT_ACCEPTED as error:
        if is_gone(error):
            raise
        logger.warning("example for request %d not accepted: %s", request.id, error.message)
        await send_text(bot, request, result)


async def send_hint(bot: Bot, request: Request) -> None:
    """Say how to hold the phone."""
    text = _(
        "A word about the photo: it is a little unsharp or dark. I have read it, and can be surer with a better one. "
        "This is how to hold the phone. I say so once; /howto has examples."
    )
    picture = BufferedInputFile(await holding_picture(), "holding.jpg")
    await bot.send_photo(request.chat_id, picture, caption=text, **place(request))


async def send_answer(bot: Bot, request: Request, result: Result, annotated: bytes | None) -> dict[int, str]:
    """Send one result, with its annotated photo if there is one. Returns request id -> file id of the photo."""
    if annotated is None:
        await (send_refusal if isinstance(result.reason, Refusal) else send_text)(bot, request, result)
        return {}
    try:
        message = await bot.send_photo(
            request.chat_id,
            _upload(request, annotated),
            caption=replies.answer(result),
            **place(request),
            reply_markup=actions.keyboard(result, request.id),
        )
    except NOT_ACCEPTED as error:
        if is_gone(error):
            raise
        # If Telegram does not accept the picture, the text is still sent.
        logger.warning("photo of request %d not accepted: %s", request.id, error.message)
        await send_text(bot, request, result)
        return {}
    return _file_ids([request], [message])


async def send_album(bot: Bot, pictures: Sequence[Picture]) -> dict[int, str]:
    """Send the results of an album: its annotated photos as one album, then everything in one message.

    Returns request id -> file id of the annotated photo. An album shows no captions until a photo is opened, so the
    message after it repeats what matters. If Telegram does not accept the album, each result comes as a text message.
    If Telegram is out of reach after the first message, the others wait until it is back.
    """
    try:
        sent = await _send_annotated(bot, pictures)
    except NOT_ACCEPTED as error:
        if is_gone(error):
            raise
        logger.warning("album of request %d not accepted: %s", pictures[0][0].id, error.message)
        # A line in a summary is no full answer, because it has only one percentage.
        (first, first_result, _), *others = pictures
        await send_text(bot, first, first_result)
        for request, result, _annotated in others:
            await until_reached(partial(send_text, bot, request, result))
        return {}
    if any(annotated is not None for _request, _result, annotated in pictures):
        await until_reached(partial(_send_summary, bot, pictures))
    else:
        await _send_summary(bot, pictures)
    return sent


async def _send_annotated(bot: Bot, pictures: Sequence[Picture]) -> dict[int, str]:
    shown = [
        (
            request,
            InputMediaPhoto(media=_upload(request, annotated), caption=replies.answer(result, number=number)),
        )
        for number, (request, result, annotated) in enumerate(pictures, 1)
        if annotated is not None
    ]
    first = pictures[0][0]
    if len(shown) > 1:
        messages = await bot.send_media_group(first.chat_id, [media for _request, media in shown], **place(first))
        return _file_ids([request for request, _media in shown], messages)
    if shown:
        request, media = shown[0]
        message = await bot.send_photo(first.chat_id, media.media, caption=media.caption, **place(request))
        return _file_ids([request], [message])
    return {}


async def _send_summary(bot: Bot, pictures: Sequence[Picture]) -> None:
    first = pictures[0][0]
    await bot.send_message(
        first.chat_id,
        replies.summary([result for _request, result, _annotated in pictures]),
        **place(first),
        reply_markup=actions.album_keyboard(
            {number: (result, request.id) for number, (request, result, _) in enumerate(pictures, 1) if result.label}
        ),
    )


async def send_replacement(bot: Bot, request: Request) -> None:
    """Say that an earlier answer is about a photo that was replaced in its message."""
    text = _(
        "You have put another photo in this message. My earlier answer is about the photo that was here before. "
        "Now I look at the new one."
    )
    await bot.send_message(request.chat_id, text, **place(request))


async def send_interruption(bot: Bot, requests: Sequence[Request]) -> None:
    """Say that the answers to these may have been lost, and offer the results."""
    if len(requests) == 1:
        text = _("I was restarted just as I answered this photo. If you see no answer, press the button.")
        button = _("Show the answer"), HistoryEntry(request_id=requests[0].id).pack()
    else:
        text = _("I was restarted just as I answered these photos. If you see no answer, press the button.")
        button = _("My results"), HistoryPage(number=0, as_new_message=True).pack()
    markup = keyboard([button])
    await bot.send_message(requests[0].chat_id, text, **place(requests[0]), reply_markup=markup)


async def send_explanation(bot: Bot, request: Request, answered: Result, explanation: Explanation) -> None:
    """Send an explanation; `answered` is the earlier answer."""
    result = Result.of(explanation.analysis)
    if explanation.drawing is None or explanation.measures is None:
        await send_text(bot, request, result)
        return
    text = explanations.caption(result, answered, explanation.measures)
    picture = BufferedInputFile(explanation.drawing, f"{request.id}-why.jpg")
    try:
        await bot.send_photo(request.chat_id, picture, caption=text, **place(request))
    except NOT_ACCEPTED as error:
        if is_gone(error):
            raise
        logger.warning("explanation of request %d not accepted: %s", request.id, error.message)
        await bot.send_message(request.chat_id, text, **place(request))


def _upload(request: Request, annotated: bytes) -> BufferedInputFile:
    return BufferedInputFile(annotated, f"{request.id}.jpg")


def place(request: Request) -> Place:
    """Where all messages about a request go: as a reply to its photo, in its topic."""
    return {
        "reply_parameters": ReplyParameters(message_id=request.message_id, allow_sending_without_reply=True),
        "message_thread_id": request.thread_id,
    }


def _file_ids(requests: Sequence[Request], messages: Sequence[Message]) -> dict[int, str]:
    return {
        request.id: largest(message.photo).file_id
        for request, message in zip(requests, messages, strict=True)
        if message.photo
    }
