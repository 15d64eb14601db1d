"""The time of an announcement: buttons for usual times, or a time that the administrator writes."""

from datetime import UTC, datetime, timedelta

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.broadcast import Composing, draft_of, question, too_late
from bot.handlers.filters import expects, is_admin
from bot.operator.access import Access
from bot.operator.broadcasts import Broadcaster
from bot.ui import broadcasts as ui
from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import BroadcastStep, Step
from storage.database import Database

TIME_FORMATS = ("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M")


def setup() -> Router:
    router = Router(name="broadcast times")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    router.message.register(time, F.text, expects(Composing.time))
    router.callback_query.register(later, BroadcastStep.filter(F.step == Step.LATER))
    router.callback_query.register(back, BroadcastStep.filter(F.step == Step.BACK))
    router.callback_query.register(wait, BroadcastStep.filter(F.step.in_({Step.HOUR, Step.TOMORROW})))
    return router


async def later(callback: CallbackQuery, callback_data: BroadcastStep, state: FSMContext, database: Database) -> None:
    draft = await draft_of(callback, callback_data.draft, database)
    if draft is None or callback.message is None:
        return
    await state.set_state(Composing.time)
    await state.set_data({"draft": draft.id, "asked_by": callback.message.message_id})
    await callback.answer()
    await replace(
        callback,
        _("When? Press, or write date and time in UTC like this: {example}").format(example=_example()),
        keyboard(
            [
                ui.step(_("In an hour"), Step.HOUR, draft.id),
                ui.step(_("Tomorrow, 9:00 UTC"), Step.TOMORROW, draft.id),
            ],
            [ui.step(_("‹ Back"), Step.BACK, draft.id), ui.step(_("Cancel"), Step.DROP, draft.id)],
        ),
    )


async def back(
    callback: CallbackQuery, callback_data: BroadcastStep, state: FSMContext, database: Database, access: Access
) -> None:
    await state.clear()
    draft = await draft_of(callback, callback_data.draft, database)
    if draft is not None:
        await callback.answer()
        await replace(callback, *await question(draft, database, access))


async def wait(
    callback: CallbackQuery,
    callback_data: BroadcastStep,
    state: FSMContext,
    database: Database,
    broadcaster: Broadcaster,
    access: Access,
) -> None:
    await state.clear()
    now = datetime.now(UTC)
    soon = callback_data.step is Step.HOUR
    starts_at = (
        now + timedelta(hours=1)
        if soon
        else (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    )
    draft = await draft_of(callback, callback_data.draft, database)
    if draft is None:
        return
    if callback.message is None or not await broadcaster.schedule(draft.id, callback.from_user.id, starts_at):
        await callback.answer(too_late(), show_alert=True)
        return
    await callback.answer()
    recipients = await database.broadcasts.count_recipients(draft.audience, access.staff())
    await replace(callback, *ui.scheduled(draft.id, starts_at, recipients))
    await database.broadcasts.set_progress_message(draft.id, callback.message.message_id)


async def time(
    message: Message, state: FSMContext, database: Database, broadcaster: Broadcaster, access: Access
) -> None:
    draft_id: int = (await state.get_data())["draft"]
    starts_at = _time(message.text or "")
    if starts_at is None or starts_at <= datetime.now(UTC):
        await message.answer(
            _("That is no time to come. Write date and time in UTC like this: {example}").format(example=_example())
        )
        return
    await state.clear()
    draft = await database.broadcasts.get(draft_id)
    if draft is None or not await broadcaster.schedule(draft_id, message.chat.id, starts_at):
        await message.answer(too_late())
        return
    recipients = await database.broadcasts.count_recipients(draft.audience, access.staff())
    text, markup = ui.scheduled(draft_id, starts_at, recipients)
    sent = await message.answer(text, reply_markup=markup)
    await database.broadcasts.set_progress_message(draft_id, sent.message_id)


def _time(text: str) -> datetime | None:
    for form in TIME_FORMATS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _example() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).strftime(f"<code>{TIME_FORMATS[0]}</code>")
