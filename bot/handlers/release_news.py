"""Under /models: drafts the announcement of the serving model from two reports. Broadcasts send it."""

import asyncio
from html import escape

from aiogram import Bot, F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, InlineKeyboardMarkup
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.handlers.broadcast import Composing, draft_of, question
from bot.handlers.filters import is_admin
from bot.operator.access import Access
from bot.operator.broadcasts import Broadcaster
from bot.operator.releases import Releases, fingerprint, key
from bot.settings import Settings
from bot.ui import release_news as ui
from bot.ui.broadcasts import step
from bot.ui.buttons import keyboard, say
from bot.ui.callbacks import BroadcastStep, DraftNews, Step
from bot.ui.i18n import DEFAULT_LANGUAGE, LANGUAGES, supported_language
from inference.registry.performance import warned_on_val
from storage.database import Database
from storage.records import Content, User


def setup() -> Router:
    router = Router(name="release news")
    router.callback_query.filter(is_admin)
    router.callback_query.register(draft_news, DraftNews.filter())
    router.callback_query.register(edit, BroadcastStep.filter(F.step == Step.EDIT))
    return router


async def draft_news(
    callback: CallbackQuery,
    callback_data: DraftNews,
    bot: Bot,
    releases: Releases,
    settings: Settings,
    i18n: I18n,
    database: Database,
    broadcaster: Broadcaster,
    access: Access,
) -> None:
    """Draft it in every language, show each draft as its readers will see it, and ask whether to send it."""
    known = await releases.classifiers()
    before = next((each for each in known if fingerprint(each) == callback_data.fingerprint), None)
    now = next((each for each in known if releases.serves(each)), None)
    if before is None or now is None:
        await callback.answer(_("It is no longer there, or serves already."), show_alert=True)
        return
    await callback.answer()
    old, new = [await asyncio.to_thread(warned_on_val, settings.weights_dir, key(each)) for each in (before, now)]
    texts = {}
    for language in LANGUAGES:
        with i18n.use_locale(language):
            texts[language] = ui.news(now.version, old, new)
    admin_id = callback.from_user.id
    created = await database.broadcasts.create(admin_id, admin_id, "text", texts.pop(DEFAULT_LANGUAGE), "[]", None)
    for language, text in texts.items():
        content = Content(kind="text", text=text, entities_json="[]", file_id=None)
        await database.broadcasts.translate(created.id, language, content)
    draft = await database.broadcasts.get(created.id) or created
    for language in LANGUAGES:
        await broadcaster.preview(draft, language)
    text, markup = await question(draft, database, access)
    change = keyboard([step(_("✏️ Change the words"), Step.EDIT, draft.id)])
    rows = [*change.inline_keyboard, *(markup.inline_keyboard if markup else [])]
    await say(callback, bot, text, InlineKeyboardMarkup(inline_keyboard=rows))


async def edit(
    callback: CallbackQuery,
    callback_data: BroadcastStep,
    state: FSMContext,
    user: User,
    bot: Bot,
    database: Database,
) -> None:
    """Show the texts of a draft for copying. As with /broadcast, the next message becomes the announcement."""
    draft = await draft_of(callback, callback_data.draft, database)
    if draft is None:
        return
    await callback.answer()
    await database.broadcasts.cancel(draft.id)
    own = supported_language(user.language)
    for language in sorted(LANGUAGES, key=lambda each: each != own):
        content = draft.translations.get(language)
        await say(callback, bot, f"<pre>{escape(content['text'] if content else draft.text)}</pre>")
    await state.clear()
    await state.set_state(Composing.announcement)
    hint = _("Tap a text to copy it. Send me the first one, changed as you like; then I ask for the other language.")
    await say(callback, bot, hint, keyboard([step(_("Cancel"), Step.STOP)]))
