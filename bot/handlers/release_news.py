"""Under /models: the announcement of the model that serves, drafted from two reports; sent by the broadcast."""

import asyncio

from aiogram import Bot, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.handlers.broadcast import question
from bot.handlers.filters import is_admin
from bot.operator.access import Access
from bot.operator.broadcasts import Broadcaster
from bot.operator.releases import Releases, fingerprint, key
from bot.settings import Settings
from bot.ui import release_news as ui
from bot.ui.buttons import say
from bot.ui.callbacks import DraftNews
from bot.ui.i18n import DEFAULT_LANGUAGE, LANGUAGES
from inference.registry.evidence import warned_on_val
from storage.database import Database
from storage.records import Content


def setup() -> Router:
    router = Router(name="release news")
    router.callback_query.filter(is_admin)
    router.callback_query.register(draft_news, DraftNews.filter())
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
    """Draft it in every language, show each as its readers will see it, and ask whether to send it."""
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
    hint = _("To change the words, copy them, and send them anew with /broadcast.")
    await say(callback, bot, f"{text}\n\n{hint}", markup)
