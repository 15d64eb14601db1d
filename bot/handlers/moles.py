"""Moles over time: add a photo to a mole, list moles, open one, compare its photos, stop following it."""

from html import escape

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardMarkup,
    MaybeInaccessibleMessageUnion,
    Message,
)
from aiogram.utils.i18n import gettext as _

from bot.handlers.mole_names import ask_for_name
from bot.handlers.owned import answered_request, owned_mole
from bot.moles import wording
from bot.moles.buttons import Act, AddTo, Follow, OfMole
from bot.moles.measurements import Standing
from bot.moles.service import MoleService, Refused
from bot.photos.delivery import send_text
from bot.photos.reading import NotRead
from bot.settings import Settings
from bot.telegram.client import RetryingBot
from bot.ui.buttons import Button, danger, keyboard, opening, replace, say, topic
from storage.database import Database
from storage.records import Mole, User

MOST_LISTED = 40


def setup() -> Router:
    router = Router(name="moles")
    router.message.register(list_moles, Command("moles"))
    # The link in the Mini App has this form.
    router.message.register(open_link, CommandStart(deep_link=True, magic=F.args.regexp(r"^mole_\d{1,15}$")))
    router.callback_query.register(follow, Follow.filter())
    router.callback_query.register(add, AddTo.filter())
    router.callback_query.register(open_mole, OfMole.filter(F.act == Act.OPEN))
    router.callback_query.register(compare, OfMole.filter(F.act == Act.COMPARE))
    router.callback_query.register(expect_photo, OfMole.filter(F.act == Act.PHOTO))
    router.callback_query.register(ask_to_forget, OfMole.filter(F.act == Act.ASK_FORGET))
    router.callback_query.register(forget, OfMole.filter(F.act == Act.FORGET))
    return router


async def list_moles(
    message: Message, user: User, database: Database, bot: RetryingBot, mole_service: MoleService, settings: Settings
) -> None:
    moles = await database.moles.of_user(user.id)
    if not moles:
        await message.answer(
            _("You follow no mole yet. Send a photo of one and press “Follow this mole” under the answer.")
        )
        return
    title = _("Your moles")
    lines = [f"<b>{title}</b>"]
    for each in moles[:MOST_LISTED]:
        entry = wording.line(each, await mole_service.standing(each))
        # A message has at most 4,096 UTF-16 units. The buttons lead to all moles.
        if sum(map(len, lines)) + len(entry) < 3500:
            lines.append(entry)
    body_map = []
    if settings.mini_app_url is not None:
        # The page leads back to the chat by this name.
        body_map.append(opening(_("Body map"), f"{settings.mini_app_url}?bot={(await bot.me()).username}"))
    buttons = keyboard(body_map, *([_open(each)] for each in moles[:MOST_LISTED]))
    await message.answer("\n\n".join(lines), reply_markup=buttons)


async def follow(
    callback: CallbackQuery, callback_data: Follow, user: User, database: Database, bot: RetryingBot
) -> None:
    """Ask which mole a photo shows, or open the mole that it belongs to."""
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    known = await database.moles.of_request(request.id, user.id)
    moles = await database.moles.of_user(user.id)
    await callback.answer()
    if known is not None:
        text = _("This photo belongs to <b>{name}</b> already.").format(name=escape(known.name))
        await say(callback, bot, text, keyboard([_open(known)]))
        return
    fresh = (_("A new mole"), AddTo(request_id=request.id, mole_id=0).pack())
    rows = [[(each.name, AddTo(request_id=request.id, mole_id=each.id).pack())] for each in moles[:MOST_LISTED]]
    await say(callback, bot, _("Which mole is in this photo?"), keyboard(*rows, [fresh]))


async def add(
    callback: CallbackQuery,
    callback_data: AddTo,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
) -> None:
    """Add a photo to a known mole or to a new one."""
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    old = None
    if callback_data.mole_id:
        old = await database.moles.get_owned(callback_data.mole_id, user.id)
        if old is None:
            await callback.answer(_gone(), show_alert=True)
            return
    with mole_service.claim(request.id) as ours:
        if not ours:
            await callback.answer(_("I am at it already…"))
            return
        await callback.answer(_("I am measuring your photo…"))
        try:
            done = await (mole_service.begin(request) if old is None else mole_service.add(old, request))
        except NotRead as error:
            await send_text(bot, request, error.result)
            return
    if isinstance(done, Refused):
        await say(callback, bot, _refusal(done))
    elif old is None:
        await ask_for_name(callback, bot, done)
    else:
        await _send_comparison(callback, bot, done, await mole_service.standing(done), mole_service)


async def open_mole(
    callback: CallbackQuery,
    callback_data: OfMole,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    with_topic = await _may_have_topic(callback.message, bot)
    text, buttons = await _card(mole, database, mole_service, with_topic=with_topic)
    await say(callback, bot, text, buttons)


async def open_link(
    message: Message,
    command: CommandObject,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
) -> None:
    # The number in a link is only a claim: the database gives a mole to its owner alone.
    mole = await database.moles.get_owned(int((command.args or "").removeprefix("mole_")), user.id)
    if mole is None:
        await message.answer(_gone())
        return
    with_topic = await _may_have_topic(message, bot)
    text, buttons = await _card(mole, database, mole_service, with_topic=with_topic)
    await message.answer(text, reply_markup=buttons)


async def compare(
    callback: CallbackQuery,
    callback_data: OfMole,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer(_("I am laying the photos side by side…"))
    await _send_comparison(callback, bot, mole, await mole_service.standing(mole), mole_service)


async def expect_photo(
    callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, bot: RetryingBot
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    text = _(
        "Take a photo of <b>{name}</b> in the same light and from the same distance as before, and send it here. "
        "Then press “Follow this mole” under the answer and choose <b>{name}</b>."
    )
    await say(callback, bot, text.format(name=escape(mole.name)))


async def ask_to_forget(
    callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, bot: RetryingBot
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    text = _("Stop following <b>{name}</b>? Its name, measures and reminder go. The results stay in your history.")
    yes = danger(_("Yes, stop"), OfMole(act=Act.FORGET, mole_id=mole.id).pack())
    await say(callback, bot, text.format(name=escape(mole.name)), keyboard([yes], [_open(mole, _("No, keep it"))]))


async def forget(
    callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, bot: RetryingBot
) -> None:
    if not await database.moles.forget(callback_data.mole_id, user.id):
        await callback.answer(_gone(), show_alert=True)
        return
    await callback.answer()
    text = _("I no longer follow this mole.")
    if not await replace(callback, text):
        await say(callback, bot, text)


async def _card(
    mole: Mole, database: Database, mole_service: MoleService, *, with_topic: bool
) -> tuple[str, InlineKeyboardMarkup]:
    standing = await mole_service.standing(mole)
    text = wording.card(mole, standing, await database.reminders.get(mole.id))
    return text, card_buttons(mole, standing, with_topic=with_topic)


async def _may_have_topic(message: MaybeInaccessibleMessageUnion | None, bot: RetryingBot) -> bool:
    return bool((await bot.me()).has_topics_enabled) and topic(message) is None


def card_buttons(mole: Mole, standing: Standing, *, with_topic: bool = False) -> InlineKeyboardMarkup:
    """The buttons for a mole."""

    def button(text: str, act: Act) -> Button:
        return text, OfMole(act=act, mole_id=mole.id).pack()

    photo, remind = button(_("New photo of this mole"), Act.PHOTO), button(_("Remind me"), Act.REMIND)
    several = len(standing.photos) > 1
    over_time = [button(_("Compare the photos"), Act.COMPARE), button(_("Photo by photo"), Act.STORY)]
    report, rename = button(_("For my doctor"), Act.REPORT), button(_("Rename"), Act.RENAME)
    measure, stop = button(_("I have measured it"), Act.MEASURE), button(_("Stop following"), Act.ASK_FORGET)
    share = button(_("Share with a doctor"), Act.SHARE)
    own_topic = [button(_("A topic of its own"), Act.TOPIC)] if with_topic else []
    return keyboard(
        over_time if several else [], [photo], [report, rename], [share], [measure], own_topic, [remind, stop]
    )


async def _send_comparison(
    callback: CallbackQuery, bot: RetryingBot, mole: Mole, standing: Standing, mole_service: MoleService
) -> None:
    buttons = card_buttons(mole, standing)
    if len(standing.photos) < 2:
        await say(callback, bot, wording.card(mole, standing, None), buttons)
        return
    try:
        drawing = await mole_service.compare(standing)
    except NotRead as error:
        await send_text(bot, standing.photos[-1].request, error.result)
        return
    picture = BufferedInputFile(drawing, f"mole-{mole.id}.jpg")
    caption = wording.card(mole, standing, None, compared=True)
    thread = topic(callback.message)
    await bot.send_photo(mole.user_id, picture, caption=caption, message_thread_id=thread, reply_markup=buttons)


def _open(mole: Mole, text: str | None = None) -> Button:
    return text or mole.name, OfMole(act=Act.OPEN, mole_id=mole.id).pack()


def _gone() -> str:
    return _("You do not follow this mole any more.")


def _refusal(refused: Refused) -> str:
    return {
        Refused.NO_OUTLINE: _("I find no outline in this photo any more, so I cannot follow it. Try another photo."),
        Refused.SAME_PHOTO: _("This is a photo that I have of this mole already. Send me a new one."),
        Refused.TAKEN: _("This photo belongs to a mole already."),
        Refused.TOO_MANY_MOLES: _("You follow as many moles as I can keep. Stop following one first: /moles"),
    }[refused]
