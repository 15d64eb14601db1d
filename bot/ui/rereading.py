"""The notice about an answer that was read again with another model."""

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.ui import texts
from bot.ui.buttons import keyboard
from bot.ui.callbacks import HistoryEntry, ReadAgain
from bot.ui.names import RISK_ICONS, current_language
from inference.analysis import Risk
from inference.drawing import verdict, words
from storage.records import Request


def news(request: Request, risk: Risk) -> tuple[str, InlineKeyboardMarkup]:
    """The notice that a photo without a warning would get one now."""
    lines = [
        _("🔎 My model is a new one, and it sees your photo of {date} otherwise.").format(
            date=texts.moment(request.created_at)
        ),
        _("Then it found no warning signs. Now it says:"),
        f"<b>{RISK_ICONS[risk]} {words.action(risk, current_language())}</b>",
        f"<i>{verdict.not_a_diagnosis(current_language())}</i>",
    ]
    markup = keyboard(
        [(_("Read it again now"), ReadAgain(request_id=request.id).pack())],
        [(_("The old answer"), HistoryEntry(request_id=request.id).pack())],
    )
    return "\n\n".join(lines), markup
