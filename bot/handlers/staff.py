"""/staff, /grant, /revoke for owners; /ban, /unban, /audit, /maintenance, /settings for administrators."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_admin, is_owner
from bot.operator.access import Access
from bot.photos.albums import Albums
from bot.photos.recovery import answer_unfinished
from bot.photos.service import PhotoService
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.ui import staff as ui
from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import AuditPage, Maintain
from bot.ui.commands import show_commands
from storage.database import Database
from storage.records import Outcome
from storage.staff import Role

PAGE_SIZE = 10
# Telegram's ids are below 2**52.
MAX_ID_DIGITS = 16


def setup() -> Router:
    router = Router(name="staff")
    router.message.register(staff, F.text, Command("staff"), is_owner)
    router.message.register(grant, F.text, Command("grant"), is_owner)
    router.message.register(revoke, F.text, Command("revoke"), is_owner)
    router.message.register(ban, F.text, Command("ban"), is_admin)
    router.message.register(unban, F.text, Command("unban"), is_admin)
    router.message.register(audit, F.text, Command("audit"), is_admin)
    router.message.register(maintenance, F.text, Command("maintenance"), is_admin)
    router.message.register(show_settings, F.text, Command("settings"), is_admin)
    router.callback_query.register(turn, AuditPage.filter(), is_admin)
    router.callback_query.register(maintain, Maintain.filter(), is_admin)
    return router


async def staff(message: Message, access: Access) -> None:
    await message.answer(ui.staff_list(access.staff()))


async def grant(message: Message, command: CommandObject, access: Access, bot: Bot) -> None:
    who, _space, role = (command.args or "").partition(" ")
    user_id = _user_id(who)
    if user_id is None or role.strip() not in (Role.ADMIN, Role.REVIEWER):
        await message.answer(_("Write it like this: {example}").format(example="/grant 12345 reviewer"))
        return
    await access.grant(message.chat.id, user_id, Role(role.strip()))
    await show_commands(bot, user_id, access.staff()[user_id])
    await message.answer(ui.staff_list(access.staff()))


async def revoke(message: Message, command: CommandObject, access: Access, bot: Bot) -> None:
    user_id = await _asked_for(message, command, "/revoke 12345")
    if user_id is None:
        return
    if await access.revoke(message.chat.id, user_id):
        await show_commands(bot, user_id, access.staff().get(user_id))
        await message.answer(ui.staff_list(access.staff()))
    else:
        await message.answer(_("{id} has no role that can be taken away.").format(id=user_id))


async def ban(message: Message, command: CommandObject, access: Access) -> None:
    user_id = await _asked_for(message, command, "/ban 12345")
    if user_id is None:
        return
    if await access.ban(message.chat.id, user_id):
        await message.answer(_("{id} is banned. /unban {id} lifts the ban.").format(id=user_id))
    else:
        await message.answer(_("{id} is banned already, or belongs to the staff.").format(id=user_id))


async def unban(message: Message, command: CommandObject, access: Access) -> None:
    user_id = await _asked_for(message, command, "/unban 12345")
    if user_id is None:
        return
    if await access.unban(message.chat.id, user_id):
        await message.answer(_("{id} may use the bot again.").format(id=user_id))
    else:
        await message.answer(_("{id} was not banned.").format(id=user_id))


async def audit(message: Message, database: Database) -> None:
    text, markup = await _audit_page(database, 0)
    await message.answer(text, reply_markup=markup)


async def turn(callback: CallbackQuery, callback_data: AuditPage, database: Database) -> None:
    await callback.answer()
    await replace(callback, *await _audit_page(database, callback_data.number))


async def maintenance(message: Message, access: Access, database: Database) -> None:
    text, markup = await _maintenance(access, database)
    await message.answer(text, reply_markup=markup)


async def maintain(
    callback: CallbackQuery,
    callback_data: Maintain,
    access: Access,
    database: Database,
    photo_service: PhotoService,
    albums: Albums,
    supervisor: Supervisor,
) -> None:
    switched = await access.set_maintenance(callback.from_user.id, on=callback_data.on)
    await callback.answer()
    if switched and not callback_data.on:
        waiting = [each for each in await database.requests.unfinished() if each.outcome is Outcome.RECEIVED]
        supervisor.start(answer_unfinished(waiting, photo_service, albums), "after maintenance")
    await replace(callback, *await _maintenance(access, database))


async def show_settings(message: Message, settings: Settings) -> None:
    await message.answer(ui.settings_list(settings))


async def _asked_for(message: Message, command: CommandObject, example: str) -> int | None:
    user_id = _user_id(command.args or "")
    if user_id is None:
        await message.answer(_("Write it like this: {example}").format(example=example))
    return user_id


def _user_id(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS and int(text) else None


async def _audit_page(database: Database, number: int) -> tuple[str, InlineKeyboardMarkup | None]:
    entries, total = await database.staff.audit_page(number * PAGE_SIZE, PAGE_SIZE)
    turns = [
        (text, AuditPage(number=target).pack())
        for text, target in ((_("‹ Newer"), number - 1), (_("Older ›"), number + 1))
        if 0 <= target * PAGE_SIZE < total
    ]
    return ui.audit_list(entries), keyboard(turns)


async def _maintenance(access: Access, database: Database) -> tuple[str, InlineKeyboardMarkup]:
    unfinished = await database.requests.unfinished()
    working = sum(each.outcome is Outcome.WORKING for each in unfinished)
    on = access.under_maintenance
    label = _("End maintenance") if on else _("Begin maintenance")
    refresh = [(_("Refresh"), Maintain(on=True).pack())] if on else []
    text = ui.maintenance(on=on, working=working, waiting=len(unfinished) - working)
    return text, keyboard(refresh, [(label, Maintain(on=not on).pack())])
