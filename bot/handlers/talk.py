"""Text in people's own words: symptoms count, and common questions get an answer."""

from functools import partial
from typing import Any

from aiogram import F, Router
from aiogram.types import InputFile, Message

from bot.photos.answered_picture import AnsweredPictures
from bot.questions.surer import reporting
from bot.results import Result
from bot.talk import answers
from bot.talk.intents import Intent, intent_of
from bot.talk.symptoms import symptoms_in
from bot.ui.actions import keyboard
from storage.database import Database
from storage.records import Request, User


def setup() -> Router:
    router = Router(name="talk")
    router.message.register(talk, F.text, ~F.text.startswith("/"), _understood)
    return router


def _understood(message: Message) -> bool | dict[str, Any]:
    text = message.text or ""
    symptoms, intent = symptoms_in(text), intent_of(text)
    return {"symptoms": symptoms, "intent": intent} if symptoms or intent else False


async def _meant(message: Message, user: User, database: Database) -> Request | None:
    """The answered photo that a text is about: the one it replies to, or else the latest."""
    replied = message.reply_to_message
    if replied is not None:
        request = await database.requests.of_message(message.chat.id, replied.message_id)
        if request is not None and request.user_id == user.id and request.is_answered:
            return request
    return await database.requests.last_answered(user.id)


async def talk(
    message: Message,
    symptoms: Any,
    intent: Intent | None,
    user: User,
    database: Database,
    answered_pictures: AnsweredPictures,
) -> None:
    last = await _meant(message, user, database)
    if symptoms and last is not None:
        await database.requests.amend(last.id, user.id, partial(reporting, symptoms=symptoms))
        last = await database.requests.get_owned(last.id, user.id)
    result = Result.stored(last.result) if last is not None and last.result is not None else None
    markup = keyboard(result, last.id) if result is not None and last is not None else None
    if symptoms:
        text = answers.to_symptoms(symptoms, result)
        # The text may have made the answer more urgent than its picture says.
        picture = await answered_pictures.of(last) if last is not None else None
        if last is not None and isinstance(picture, InputFile):
            sent = await message.answer_photo(picture, caption=text, reply_markup=markup)
            await answered_pictures.sent(last, picture, sent)
        else:
            await message.answer(text, reply_markup=markup)
    elif intent is not None:
        await message.answer(
            answers.to_intent(intent, result), reply_markup=markup if intent in (Intent.CANCER, Intent.ADVICE) else None
        )
