"""Sharing, for the owner: the link, who has access, and taking it back."""

from datetime import UTC, datetime, timedelta
from html import escape

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestUsers,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from aiogram.utils.deep_linking import create_start_link
from aiogram.utils.i18n import gettext as _
from yarl import URL

from bot.handlers.owned import answered_request, owned_mole
from bot.moles.buttons import Act, OfMole
from bot.sharing import wording
from bot.sharing.buttons import Kind, OfOwn, OfShared, Own, Read, ShareFor
from bot.sharing.shared import subject_of
from bot.telegram.client import RetryingBot
from bot.ui.buttons import Button, copying, danger, keyboard, leading, replace, say, topic
from bot.ui.callbacks import Share, Show
from storage.database import Database
from storage.records import User
from storage.shares import LINK_LIFE

DAYS = (7, 30, 90, 0)
# Telegram numbers a button that asks for people in 32 bits.
MOST_CHOOSABLE = 2**31 - 1
LONGEST_LIST = 3500


def setup() -> Router:
    router = Router(name="sharing")
    router.message.register(list_shares, Command("shared"))
    router.callback_query.register(list_shares_anew, F.data == Show.SHARED)
    router.callback_query.register(ask_about_result, Share.filter())
    router.callback_query.register(ask_about_mole, OfMole.filter(F.act == Act.SHARE))
    router.callback_query.register(make_link, ShareFor.filter(F.days.in_(DAYS)))
    router.callback_query.register(ask_for_reader, OfOwn.filter(F.act == Own.CHOOSE))
    router.callback_query.register(revoke, OfOwn.filter(F.act == Own.REVOKE))
    router.message.register(bind, F.users_shared)
    router.message.register(keep_open, F.text.func(lambda text: text == _for_anybody()))
    return router


async def ask_about_result(
    callback: CallbackQuery, callback_data: Share, user: User, database: Database, bot: RetryingBot
) -> None:
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    await callback.answer()
    text = wording.question(wording.result_of(request.created_at), is_mole=False)
    await say(callback, bot, text, _terms(Kind.RESULT, request.id))


async def ask_about_mole(
    callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, bot: RetryingBot
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    await say(callback, bot, wording.question(escape(mole.name), is_mole=True), _terms(Kind.MOLE, mole.id))


async def make_link(
    callback: CallbackQuery, callback_data: ShareFor, user: User, database: Database, bot: RetryingBot
) -> None:
    """Replace the question by a new link."""
    now = datetime.now(UTC)
    until = now + timedelta(days=callback_data.days) if callback_data.days else None
    what = {"request_id" if callback_data.kind is Kind.RESULT else "mole_id": callback_data.number}
    made = await database.shares.create(user.id, callback.from_user.full_name, now, **what, expires_at=until)
    if made is None:
        text = _("This cannot be shared: it is no longer there, or you share too much already. See /shared.")
        await callback.answer(text, show_alert=True)
        return
    await callback.answer()
    share_id, token = made
    url = await create_start_link(bot, f"share_{token}")
    send = URL("https://t.me/share/url").with_query(url=url, text=_("A result about my skin, for you to read:"))
    choose = (_("Only for one person I choose"), OfOwn(act=Own.CHOOSE, share_id=share_id).pack())
    buttons = keyboard(
        [copying(_("Copy the link"), url), leading(_("Send it…"), str(send))],
        [choose],
        [(_("Who has access"), Show.SHARED)],
    )
    dies_at = now + LINK_LIFE if until is None else min(until, now + LINK_LIFE)
    text = wording.link(url, dies_at, until)
    if not await replace(callback, text, buttons):
        await say(callback, bot, text, buttons)


async def ask_for_reader(
    callback: CallbackQuery, callback_data: OfOwn, user: User, database: Database, bot: RetryingBot
) -> None:
    """Let the person choose a contact, if their client supports that."""
    given = await database.shares.given(user.id, datetime.now(UTC))
    waiting = {each.id for each in given if each.accepted_at is None and each.id <= MOST_CHOOSABLE}
    if callback_data.share_id not in waiting:
        await callback.answer(_("This link has been opened already, or is over."), show_alert=True)
        return
    await callback.answer()
    request = KeyboardButtonRequestUsers(
        request_id=callback_data.share_id, user_is_bot=False, max_quantity=1, request_name=True
    )
    choose = KeyboardButton(text=_("Choose a person"), request_users=request)
    rows = [[choose], [KeyboardButton(text=_for_anybody())]]
    await bot.send_message(
        user.id,
        _("Choose the person with the button below. The link opens for nobody else then; you still send it to them."),
        message_thread_id=topic(callback.message),
        reply_markup=ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, one_time_keyboard=True),
    )


async def bind(message: Message, user: User, database: Database) -> None:
    """Reserve the link for the chosen person."""
    shared = message.users_shared
    if shared is None or len(shared.users) != 1:
        await message.answer(_("Choose one person."), reply_markup=ReplyKeyboardRemove())
        return
    [chosen] = shared.users
    if chosen.user_id == user.id:
        text = _("That is you. Choose somebody else, or leave the link open to whoever has it.")
    elif await database.shares.bind(shared.request_id, user.id, chosen.user_id, datetime.now(UTC)):
        text = _("The link opens for {name} alone now. Send it to them.").format(name=wording.name(chosen.first_name))
    else:
        text = _("This link has been opened already, or is over.")
    await message.answer(text, reply_markup=ReplyKeyboardRemove())


async def keep_open(message: Message) -> None:
    await message.answer(_("The link stays open to whoever opens it first."), reply_markup=ReplyKeyboardRemove())


async def list_shares(message: Message, user: User, database: Database) -> None:
    text, markup = await _listed(user, database)
    await message.answer(text, reply_markup=markup)


async def list_shares_anew(callback: CallbackQuery, user: User, database: Database, bot: RetryingBot) -> None:
    await callback.answer()
    await say(callback, bot, *await _listed(user, database))


async def revoke(
    callback: CallbackQuery, callback_data: OfOwn, user: User, database: Database, bot: RetryingBot
) -> None:
    if not await database.shares.revoke(callback_data.share_id, user.id, datetime.now(UTC)):
        await callback.answer(wording.not_yours(), show_alert=True)
        return
    await callback.answer(_("Taken back: nobody can read it any more."))
    text, markup = await _listed(user, database)
    if not await replace(callback, text, markup):
        await say(callback, bot, text, markup)


async def _listed(user: User, database: Database) -> tuple[str, InlineKeyboardMarkup | None]:
    """This person's shares with others, and others' shares with them."""
    now = datetime.now(UTC)
    given, received = await database.shares.given(user.id, now), await database.shares.received(user.id, now)
    parts: list[str] = []
    rows: list[list[Button | InlineKeyboardButton]] = []
    if given:
        parts.append(_("<b>You share:</b>"))
    for each in given:
        subject = await subject_of(each, database)
        if subject is not None:
            number = len(rows) + 1
            parts.append(f"{number}. {wording.given(each, subject.title)}")
            rows.append([danger(_take_back(number, each.reader_name), OfOwn(act=Own.REVOKE, share_id=each.id).pack())])
    if received:
        parts.append(_("<b>Shared with you:</b>"))
    for each in received:
        subject = await subject_of(each, database)
        if subject is not None:
            number = len(rows) + 1
            parts.append(f"{number}. {wording.received(each, subject.title)}")
            data = OfShared(act=Read.OPEN, share_id=each.id).pack()
            rows.append([(_("{number}. Open").format(number=number), data)])
    if not rows:
        return _("You share nothing. “Share with a doctor” stands under every answer and every mole."), None
    return _fitting(parts), keyboard(*rows)


def _fitting(parts: list[str]) -> str:
    """As many parts as fit into a message. The buttons below lead to all."""
    kept: list[str] = []
    for each in parts:
        if sum(map(len, kept)) + len(each) > LONGEST_LIST:
            return "\n\n".join([*kept, "…"])
        kept.append(each)
    return "\n\n".join(kept)


def _take_back(number: int, reader: str | None) -> str:
    text = _("{number}. Take back").format(number=number)
    return f"{text}: {' '.join(reader.split())[:30]}" if reader else text


def _terms(kind: Kind, number: int) -> InlineKeyboardMarkup:
    names = {7: _("A week"), 30: _("A month"), 90: _("Three months"), 0: _("Until I take it back")}
    buttons = [(names[days], ShareFor(kind=kind, number=number, days=days).pack()) for days in DAYS]
    return keyboard(buttons[:3], buttons[3:], [(_("Who has access"), Show.SHARED)])


def _for_anybody() -> str:
    return _("For whoever opens it first")
