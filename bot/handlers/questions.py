"""The six questions under an answer. They appear in the same message, which finally shows what has changed."""

import asyncio
import contextlib
from functools import partial

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaPhoto,
    Message,
)
from aiogram.utils.i18n import gettext as _

from bot.photos.answered_picture import AnsweredPictures
from bot.questions.lasting import fill_in, first_to_ask, known_of_mole, taken_over
from bot.questions.questions import Question, questions
from bot.questions.surer import Join, answers_of, with_answers
from bot.results import Result
from bot.ui import buttons, replies
from bot.ui.actions import keyboard
from bot.ui.callbacks import Ask
from bot.ui.names import current_language
from inference.drawing.body import body_picture
from storage.database import Database
from storage.records import Request, User

NOT_KNOWN = -1
# Show a question even if its answer is known.
REVISIT = -3


def setup() -> Router:
    router = Router(name="questions")
    router.callback_query.register(step, Ask.filter())
    return router


async def step(
    callback: CallbackQuery,
    callback_data: Ask,
    user: User,
    database: Database,
    joiner: Join | None,
    answered_pictures: AnsweredPictures,
) -> None:
    # Anybody can forge the number in a button. The database gives a request only to its owner.
    request = await _answered(database, callback_data.request_id, user.id)
    every = questions()
    if request is None or not 0 <= callback_data.question <= len(every):
        await callback.answer(_("This result is no longer there."), show_alert=True)
        return
    await callback.answer()
    if callback_data.choice >= NOT_KNOWN and callback_data.question > 0:
        await _note(database, request, every[callback_data.question - 1], callback_data.choice, joiner)
        request = await _answered(database, request.id, user.id) or request
    skipped = ""
    if callback_data.choice != REVISIT:
        known = await known_of_mole(request, database)
        if callback_data.question == 0:
            await fill_in(request, known, database, joiner)
            request = await _answered(database, request.id, user.id) or request
        asked = first_to_ask(every, callback_data.question, request, known)
        skipped = taken_over(every, range(callback_data.question, asked), known)
        callback_data = callback_data.model_copy(update={"question": asked})
    result = Result.stored(request.result or {})
    if callback_data.question == len(every):
        await _show_answer(callback, request, result, answered_pictures)
        return
    text = _text(result, every, callback_data.question)
    if skipped:
        kept = _("Kept with this mole: {answers}. “‹ Back” corrects it.").format(answers=skipped)
        text = f"{text}\n\n<i>{kept}</i>"
    markup = _keyboard(request, every, callback_data.question)
    picture = await _picture(request, every, callback_data.question)
    if picture is None or not await _replace_picture(callback, picture, text, markup):
        await buttons.replace(callback, text, markup)


async def _show_answer(
    callback: CallbackQuery, request: Request, result: Result, answered_pictures: AnsweredPictures
) -> None:
    """Replace the questions by the answer, with a picture that fits the new answer."""
    text, markup = replies.answer(result), keyboard(result, request.id)
    picture = await answered_pictures.of(request)
    if isinstance(picture, InputFile) and (sent := await _replace_picture(callback, picture, text, markup)):
        await answered_pictures.sent(request, picture, sent)
        return
    await buttons.replace(callback, text, markup)


async def _picture(request: Request, every: tuple[Question, ...], number: int) -> InputFile | str | None:
    """The picture for a question: the body for the region, else the answered photo; None leaves it unchanged."""
    if every[number].on_body:
        drawn = await asyncio.to_thread(body_picture, current_language(), "regions")
        return BufferedInputFile(drawn, "body.png")
    beside = any(each.on_body for each in every[max(0, number - 1) : number + 2])
    return request.reply_file_id if beside else None


async def _replace_picture(
    callback: CallbackQuery, picture: InputFile | str, text: str, markup: InlineKeyboardMarkup
) -> Message | bool:
    """Replace the picture of a message; returns the message, or False if that is impossible."""
    message = callback.message
    if not isinstance(message, Message) or not message.photo:
        return False
    with contextlib.suppress(TelegramBadRequest):
        return await message.edit_media(InputMediaPhoto(media=picture, caption=text), reply_markup=markup)
    return False


async def _answered(database: Database, request_id: int, user_id: int) -> Request | None:
    request = await database.requests.get_owned(request_id, user_id)
    return request if request and request.is_answered else None


async def _note(database: Database, request: Request, question: Question, choice: int, joiner: Join | None) -> None:
    """Store an answer, which replaces an earlier one to this question, and the new result."""
    answers = answers_of(request.result or {})
    topics = {name for each in question.choices for name in each.answers}
    given = question.choices[choice].answers if 0 <= choice < len(question.choices) else {}
    now = {name: value for name, value in answers.items() if name not in topics} | dict(given)
    await database.requests.amend(request.id, request.user_id, partial(with_answers, answers=now, joiner=joiner))


def _text(result: Result, every: tuple[Question, ...], number: int) -> str:
    place = _("Question {number} of {total}").format(number=number + 1, total=len(every))
    why = _("Your answers are kept encrypted with this result. They can raise the answer, never lower the warning.")
    parts = [f"<b>{replies.action(result)}</b>", f"{place}\n<b>{every[number].text}</b>"]
    return "\n\n".join([*parts, *([f"<i>{why}</i>"] if number == 0 else [])])


def _keyboard(request: Request, every: tuple[Question, ...], number: int) -> InlineKeyboardMarkup:
    question, given = every[number], answers_of(request.result or {})

    def button(text: str, to: int, choice: int = -2) -> buttons.Button:
        return text, Ask(request_id=request.id, question=to, choice=choice).pack()

    choices = [
        button(f"{'✓ ' if each.answers.items() <= given.items() else ''}{question.label(place)}", number + 1, place)
        for place, each in enumerate(question.choices)
    ]
    rows = [choices[start : start + question.in_a_row] for start in range(0, len(choices), question.in_a_row)]
    back = button(_("‹ Back"), number - 1, REVISIT) if number > 0 else button(_("‹ To the answer"), len(every))
    return buttons.keyboard(
        *rows, [button(_("I don't know"), number + 1, NOT_KNOWN)], [back, button(_("Skip ›"), number + 1)]
    )
