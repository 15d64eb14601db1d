"""How long an answer looks on a phone."""

from dataclasses import replace

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BufferedInputFile
from playwright.async_api import Browser

from bot.demo import demo_sandbox
from bot.samples import sample
from bot.sandbox.people import People
from bot.ui import replies
from bot.ui.i18n import LANGUAGES, load_i18n
from inference.analysis import CLASSES, Risk
from inference.classes import SUSPICIOUS
from tests.bot.examples import result_for
from tests.e2e.browsing import opened

EMMA = 1001
# A low answer also says when to see a doctor. It has eleven lines where the name of the kind takes two.
MOST = {Risk.LOW: 11, Risk.RAISED: 10, Risk.HIGH: 10}
# The lines of a message as they are wrapped, without its folded small print.
LINES = """(message) => {
  const tops = [];
  const texts = document.createTreeWalker(message, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (texts.currentNode.parentElement.closest("blockquote")) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    tops.push(...Array.from(range.getClientRects(), (each) => each.top));
  }
  return tops.sort((a, b) => a - b).filter((top, place) => place === 0 || top - tops[place - 1] > 8).length;
}"""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_has_about_ten_lines_on_a_phone_besides_its_folded_small_print(
    browser: Browser, language: str
) -> None:
    i18n = load_i18n()
    async with demo_sandbox(1) as sandbox:
        async with AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url)) as session:
            bot = Bot(sandbox.token, session=session)
            People(sandbox.world).write(EMMA, "/start")
            answers = [
                (label, risk) for risk in Risk for label in CLASSES if risk is not Risk.LOW or label not in SUSPICIOUS
            ]
            for label, risk in answers:
                result = result_for(label, risk, mel=0.1, bcc=0.1, vasc=0.1)
                result = replace(result, domain="phone", missed=0.143, model="efficientnet 2.1.0")
                with i18n.context(), i18n.use_locale(language):
                    text = replies.answer(result)
                picture = BufferedInputFile(sample("mole"), "mole.jpg")
                await bot.send_photo(EMMA, picture, caption=text, parse_mode="HTML")
        async with opened(browser, f"{sandbox.base_url}/") as page:
            shown = page.locator(".turn:has(.pictures) .words")
            await shown.nth(len(answers) - 1).wait_for()
            lines = [await shown.nth(number).evaluate(LINES) for number in range(len(answers))]
    assert min(lines) >= 6, "they are counted"
    long = {answer: count for answer, count in zip(answers, lines, strict=True) if count > MOST[answer[1]]}
    assert not long
    assert lines[answers.index(("nv", Risk.LOW))] <= 10, "the usual one"
