"""Names and diameters of moles, which a person writes or taps.

A restart forgets what is expected next. The buttons under the mole ask again.
"""

from html import escape

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import expects, leave
from bot.handlers.owned import owned_mole
from bot.moles import wording
from bot.moles.buttons import Act, OfMole, Place
from bot.moles.names import MAX_NAME, cleaned
from bot.moles.service import MoleService
from bot.telegram.client import RetryingBot
from bot.ui.buttons import keyboard, say, topic
from bot.ui.names import current_language
from inference.drawing.body import body_picture
from inference.drawing.places import place_names
from storage.database import Database
from storage.records import Mole, User

SMALLEST_MM, LARGEST_MM = 0.5, 200.0


class Expecting(StatesGroup):
    """What the person's next text is."""

    name = State()
    diameter = State()


def setup() -> Router:
    router = Router(name="mole names")
    router.callback_query.register(name_by_place, Place.filter())
    router.callback_query.register(rename, OfMole.filter(F.act == Act.RENAME))
    router.callback_query.register(ask_for_diameter, OfMole.filter(F.act == Act.MEASURE))
    # The state is checked last: no other message is handled between this check and the change of the state.
    router.message.register(leave, F.text.startswith("/"), expects(Expecting.name, Expecting.diameter))
    router.message.register(name_by_text, F.text, expects(Expecting.name))
    router.message.register(take_diameter, F.text, expects(Expecting.diameter))
    return router


async def ask_for_name(callback: CallbackQuery, bot: RetryingBot, mole: Mole) -> None:
    """Show the body with its numbered places, and say how to name the mole."""
    text = _(
        "I follow it as <b>{name}</b>. Where is it? Tap the number of the place, or press “Write a name” and write "
        "one of at most {most} characters."
    ).format(name=escape(mole.name), most=MAX_NAME)
    picture = BufferedInputFile(body_picture(current_language()), "body.png")
    thread = topic(callback.message)
    await bot.send_photo(mole.user_id, picture, caption=text, message_thread_id=thread, reply_markup=_places(mole))


async def rename(
    callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, state: FSMContext, bot: RetryingBot
) -> None:
    """Wait for a name. A place on the body may be tapped too."""
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    await state.set_state(Expecting.name)
    await state.set_data({"mole_id": mole.id})
    text = _("Write a name for <b>{name}</b>, at most {most} characters.")
    await say(callback, bot, text.format(name=escape(mole.name), most=MAX_NAME))


async def name_by_place(
    callback: CallbackQuery, callback_data: Place, user: User, database: Database, state: FSMContext, bot: RetryingBot
) -> None:
    name = place_names(current_language()).get(callback_data.zone)
    if name is None or not await database.moles.rename(callback_data.mole_id, user.id, name):
        await callback.answer(_gone(), show_alert=True)
        return
    await state.clear()
    await callback.answer()
    await say(callback, bot, _named(name), _open_button(callback_data.mole_id))


async def name_by_text(message: Message, user: User, database: Database, state: FSMContext) -> None:
    name = cleaned(message.text or "")
    if name is None:
        await message.answer(
            _("That is no name of at most {most} characters. Write a shorter one.").format(most=MAX_NAME)
        )
        return
    mole_id = (await state.get_data()).get("mole_id", 0)
    await state.clear()
    if not await database.moles.rename(mole_id, user.id, name):
        await message.answer(_gone())
        return
    await message.answer(_named(name), reply_markup=_open_button(mole_id))


async def ask_for_diameter(
    callback: CallbackQuery, callback_data: OfMole, user: User, database: Database, state: FSMContext, bot: RetryingBot
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    await state.set_state(Expecting.diameter)
    await state.set_data({"mole_id": mole.id})
    text = _("How wide is <b>{name}</b> at its widest, by a ruler? Write the millimetres, such as 4.5.")
    await say(callback, bot, text.format(name=escape(mole.name)))


async def take_diameter(
    message: Message, user: User, database: Database, state: FSMContext, mole_service: MoleService
) -> None:
    try:
        millimetres = float(
            (message.text or "").strip().lower().removesuffix("mm").removesuffix("мм").replace(",", ".")
        )
    except ValueError:
        millimetres = 0.0
    # NaN compares as False.
    if not SMALLEST_MM <= millimetres <= LARGEST_MM:
        await message.answer(_("I need a number of millimetres between 0.5 and 200, such as 4.5."))
        return
    mole = await database.moles.get_owned((await state.get_data()).get("mole_id", 0), user.id)
    await state.clear()
    if mole is None:
        await message.answer(_gone())
        return
    await mole_service.measure(mole, millimetres)
    text = _("Noted with its last photo: {size}.").format(size=wording.millimetres(millimetres))
    await message.answer(text, reply_markup=_open_button(mole.id))


def _named(name: str) -> str:
    return _("I call it <b>{name}</b>.").format(name=escape(name))


def _open_button(mole_id: int) -> InlineKeyboardMarkup:
    remind = (_("Remind me"), OfMole(act=Act.REMIND, mole_id=mole_id).pack())
    return keyboard([(_("Open this mole"), OfMole(act=Act.OPEN, mole_id=mole_id).pack()), remind])


def _places(mole: Mole) -> InlineKeyboardMarkup:
    places = [
        (f"{number} · {name}", Place(mole_id=mole.id, zone=number).pack())
        for number, name in place_names(current_language()).items()
    ]
    rows = [places[start : start + 2] for start in range(0, len(places), 2)]
    return keyboard(*rows, [(_("Write a name"), OfMole(act=Act.RENAME, mole_id=mole.id).pack())])


def _gone() -> str:
    return _("You do not follow this mole any more.")
