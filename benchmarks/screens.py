"""`python -m benchmarks.screens LOW RAISED HIGH`: pictures of the screens of docs/patient.md, from the real bot.

A person in each language opens every kind of screen. The pictures are 390 pixels wide, as on a phone. The three photos
get the answers "watch it", "have it looked at" and "see a doctor". It needs what `benchmarks.phone` needs.
"""

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from benchmarks.phone import Phone, Phones, options, phones
from bot.guidance.examples import Example, example
from bot.samples import sample
from bot.sandbox.client import Message

PEOPLE = {"en": (1001, "Emma"), "ru": (1002, "Анна")}
BOT = "@sandbox_bot"
# Of these the pages are shown, and not the chat.
REPORTS = ("report", "mole-report")

Screen = tuple[str, Message, Message | None]
"""A screen's name, its first and its last message; None if there is only one."""


def main() -> int:
    """Write the pictures; exit status 0."""
    given = options("screens", __doc__, number=3)
    asyncio.run(take([each.read_bytes() for each in given.photos], given.out))
    return 0


async def take(pictures: Sequence[bytes], out: Path) -> None:
    """Have the conversation in each language and write a picture of each screen."""
    async with phones() as shop:
        for language, (number, name) in PEOPLE.items():
            phone = await shop.hand(number, name, language)
            for part in PARTS:
                async for name, first, last in part(phone, pictures, shop):
                    path = out / f"{name}-{language}.png"
                    if name in REPORTS:
                        await phone.pages(first, path)
                    else:
                        await phone.picture(first, path, last)
            group = await phone.gather("Family")
            photo = (await phone.send_photos(pictures[0], chat_id=group, caption=f"{BOT}?"))[0]
            copy = await phone.answer()
            await phone.picture(copy, out / f"from-group-{language}.png", await phone.settled())
            notice = next(each for each in await phone.messages(group) if each["from"]["is_bot"])
            await phone.look_at("Family")
            await phone.picture(photo, out / f"group-{language}.png", notice)


async def beginning(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """From /start to the first photo."""
    welcome = await phone.ask("/start")
    yield "start", welcome, None
    [early] = await phone.send_photos(sample("mole"))
    asked = await phone.settled()
    yield "early", early, asked
    offer = await phone.tap(asked, "consent")
    await phone.turn(offer, "earlier:read")
    await phone.settled()
    [sent] = await phone.send_photos(sample("blurred"))
    await phone.settled()
    await phone.send_photos(sample("skin"))
    yield "refused", sent, await phone.settled()
    first, *others = (saved(example(each)) for each in (Example.GLARE, Example.NOT_SKIN))
    [sent] = await phone.send_photos(first)
    await phone.settled()
    for other in (*others, saved(example(Example.GOOD).resize((80, 60)))):
        await phone.send_photos(other)
        last = await phone.settled()
    yield "refusals", sent, last
    [sent] = await phone.send_photos(saved(pair(sample("mole"), sample("uneven"))))
    yield "several", sent, await phone.settled()


async def answers(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """The three tiers, what their buttons show, and an album."""
    for tier, picture in zip(("low", "raised", "high"), pictures, strict=True):
        [sent] = await phone.send_photos(picture)
        answer = await phone.settled()
        yield f"answer-{tier}", sent, answer
    yield "why", await phone.tap(answer, "why:"), None
    yield "kinds", await phone.turn(answer, "kinds:"), None
    said = {"en": "It itches since spring", "ru": "Зудит с весны"}[phone.language]
    [sent] = await phone.send_photos(pictures[0], caption=said)
    yield "answer-note", sent, await phone.settled()
    sent = (await phone.send_photos(*pictures))[0]
    yield "album", sent, await phone.settled()
    report = await phone.tap(answer, "doctor:")
    yield "report-message", report, None
    yield "report", report, None
    verdict = await phone.tap(answer, "right:")
    yield "verdict", verdict, None
    await phone.turn(verdict, "said:")
    await phone.turn(verdict, "biopsy:")


async def questions(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """The six questions and the surer answer."""
    answer = await phone.show(pictures[1])
    await phone.turn(answer, "ask:")
    yield "question-age", answer, None
    await phone.turn(answer, chosen(await phone.latest(answer), 2))
    yield "question-body", answer, None
    for choice in (7, 1, 0, 3, 0):
        await phone.turn(answer, chosen(await phone.latest(answer), choice))
    yield "answered-questions", answer, None


async def moles(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """A mole is named, compared and watched."""
    answer = await phone.show(pictures[2])
    which = await phone.tap(answer, "follow:")
    places = await phone.tap(which, "addto:")
    yield "places", places, None
    await phone.tap(places, "place:")
    theirs = "SELECT request_id FROM mole_photos"
    change(shop, f"UPDATE requests SET created_at = datetime('now', '-92 days') WHERE id IN ({theirs})")
    second = await phone.show(turned(pictures[2]))
    known = await phone.tap(second, "follow:")
    compared = await phone.tap(known, "addto:")
    yield "comparison", compared, None
    yield "story", await phone.tap(compared, "mole:story:"), None
    yield "mole-report", await phone.tap(compared, "mole:report:"), None
    remind = await phone.tap(compared, "mole:remind:")
    await phone.turn(remind, "remind:")
    clock = await phone.answer()
    yield "clock", remind, clock
    await phone.turn(clock, f"clock:{noon()}")
    yield "moles", await phone.ask("/moles"), None


async def past(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """The history, narrowed and in small pictures."""
    listed = await phone.ask("/history")
    yield "history", listed, None
    yield "history-pictures", await phone.tap(listed, "strip:"), None


async def edited(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """A photo that replaces another one, and was sent before."""
    [sent] = await phone.send_photos(sample("mole"))
    await phone.settled()
    await phone.edit_photo(sent, pictures[1])
    replaced = await phone.answer()
    yield "edited", replaced, await phone.settled()


async def words_of_their_own(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """Messages of people, and the answers."""
    texts = {
        "en": ("Hello", "Is this cancer?", "It itches and bleeds", "Thanks", "How much is it?"),
        "ru": ("Здравствуйте", "Это рак?", "Чешется и кровоточит", "Спасибо", "Сколько стоит?"),
    }[phone.language]
    first, *others = texts
    sent = await phone.write(first)
    await phone.answer()
    for text in others:
        await phone.ask(text)
    await phone.send_clip("voice")
    yield "talk", sent, await phone.answer()


async def their_data(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """Privacy, agreements and deletion."""
    privacy = await phone.ask("/privacy")
    yield "privacy", privacy, None
    agreements = await phone.tap(privacy, "agreements")
    yield "agreements", agreements, None
    yield "delete", await phone.ask("/delete"), None


async def what_comes_later(phone: Phone, pictures: Sequence[bytes], shop: Phones) -> AsyncIterator[Screen]:
    """The reminder of a mole, and the question after a warning, as if their time had come."""
    for table in ("reminders", "follow_ups"):
        change(shop, f"UPDATE {table} SET due_at = datetime('now', '-1 hour')")
    first, second = await phone.answer(), await phone.answer()
    reminder, question = sorted((first, second), key=lambda each: "photo" in each)
    yield "reminded", reminder, None
    yield "follow-up", question, None
    yield "not-yet", await phone.tap(question, "unseen:"), None


PARTS = (beginning, answers, questions, moles, past, edited, words_of_their_own, their_data, what_comes_later)
"""In the order in which a person may meet them."""


def change(shop: Phones, statement: str) -> None:
    """Change the bot's database, as if time had passed."""
    with closing(sqlite3.connect(shop.folder / "bot.db")) as database:
        database.execute(statement)
        database.commit()


def chosen(message: Message, choice: int) -> str:
    """The data of a button that answers a question by its place among the choices."""
    data: list[str] = [each["callback_data"] for row in message["reply_markup"]["inline_keyboard"] for each in row]
    return next(each for each in data if each.startswith("ask:") and each.endswith(f":{choice}"))


def noon() -> int:
    """Minutes from UTC to where it is about noon now."""
    return max(-600, 60 * (12 - datetime.now(UTC).hour))


def turned(picture: bytes) -> bytes:
    """The same lesion as on another photo: turned and cut."""
    with Image.open(io.BytesIO(picture)) as photo:
        width, height = photo.size
        cut = photo.rotate(12, Image.Resampling.BICUBIC).crop(
            (width // 8, height // 8, width - width // 8, height - height // 8)
        )
    return saved(cut.convert("RGB"))


def pair(left: bytes, right: bytes) -> Image.Image:
    """The middle halves of two pictures of one size, in one picture of that size."""
    with Image.open(io.BytesIO(left)) as first, Image.open(io.BytesIO(right)) as second:
        width, height = first.size
        whole = Image.new("RGB", first.size)
        for number, each in enumerate((first, second)):
            whole.paste(each.crop((width // 4, 0, width * 3 // 4, height)), (number * width // 2, 0))
    return whole


def saved(picture: Image.Image) -> bytes:
    """A picture as a phone sends it."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
