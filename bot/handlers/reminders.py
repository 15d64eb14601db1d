"""Reminders of moles: how often, later, or never. The person's clock is asked once."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.owned import owned_mole
from bot.moles.buttons import Act, Clock, OfMole, Remind, Snooze
from bot.moles.reminders import MONTHS, months_later, snoozed
from bot.operator.digest import plan
from bot.telegram.client import RetryingBot
from bot.ui.buttons import Button, keyboard, replace, say, topic
from bot.ui.texts import day_shown
from storage.database import Database
from storage.records import User

# Whole hours, and the half hours of populous time zones.
OFFSETS = (*range(-600, 0, 60), *range(0, 301, 60), 330, *range(360, 721, 60))


def setup() -> Router:
    router = Router(name="reminders")
    router.callback_query.register(ask, OfMole.filter(F.act == Act.REMIND))
    router.callback_query.register(remind, Remind.filter())
    router.callback_query.register(snooze, Snooze.filter())
    router.callback_query.register(set_clock, Clock.filter())
    return router


async def ask(callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, bot: RetryingBot) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    names = {1: _("In a month"), 3: _("In three months"), 6: _("In six months")}
    rows = [[(names[each], Remind(mole_id=mole.id, months=each).pack())] for each in MONTHS]
    never = (_("Never"), Remind(mole_id=mole.id, months=0).pack())
    await say(callback, bot, _("When shall I remind you of a new photo?"), keyboard(*rows, [never]))


async def remind(
    callback: CallbackQuery, callback_data: Remind, user: User, database: Database, bot: RetryingBot
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    if callback_data.months not in MONTHS:
        await database.reminders.switch_off(mole.id)
        await _settle(callback, bot, _("I will not remind you of this mole."))
        return
    due = months_later(datetime.now(UTC), callback_data.months, user)
    await database.reminders.set(mole.id, callback_data.months, due)
    await _settle(callback, bot, _("I will remind you on {day}, in the morning.").format(day=day_shown(due)))
    if user.utc_offset is None:
        await ask_for_clock(bot, user, topic(callback.message))


async def ask_for_clock(bot: RetryingBot, user: User, thread_id: int | None = None) -> None:
    """Ask for the time on the person's clock, to know their time zone."""
    text = _("What does your clock say now? I ask once, to write by day.")
    await bot.send_message(user.id, text, message_thread_id=thread_id, reply_markup=keyboard(*_clocks()))


async def snooze(
    callback: CallbackQuery, callback_data: Snooze, user: User, database: Database, bot: RetryingBot
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    known = await database.reminders.get(mole.id)
    await callback.answer()
    if known is None:
        await _settle(callback, bot, _("I will not remind you of this mole."))
        return
    due = snoozed(datetime.now(UTC), user)
    await database.reminders.set(mole.id, known[0], due)
    await _settle(callback, bot, _("I will remind you on {day}, in the morning.").format(day=day_shown(due)))


async def set_clock(
    callback: CallbackQuery, callback_data: Clock, user: User, database: Database, bot: RetryingBot
) -> None:
    if callback_data.minutes not in OFFSETS:
        await callback.answer(_("This button no longer works."))
        return
    await database.users.set_utc_offset(user.id, callback_data.minutes)
    every = await database.digests.every(user.id)
    if every is not None:
        await plan(dataclasses.replace(user, utc_offset=callback_data.minutes), every, database)
    await callback.answer()
    await _settle(callback, bot, _("Thank you. From now on I use your time."))


def _clocks() -> list[list[Button]]:
    """Buttons with the current time in all time zones, the earliest first."""
    now = datetime.now(UTC)
    clocks = [
        (f"{now.astimezone(timezone(timedelta(minutes=each))):%H:%M}", Clock(minutes=each).pack()) for each in OFFSETS
    ]
    return [clocks[start : start + 4] for start in range(0, len(clocks), 4)]


async def _settle(callback: CallbackQuery, bot: RetryingBot, text: str) -> None:
    """Replace the question by the outcome, so that it is not answered twice."""
    if not await replace(callback, text):
        await say(callback, bot, text)
