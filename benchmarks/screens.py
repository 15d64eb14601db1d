"""`python -m benchmarks.screens LOW RAISED HIGH`: pictures of the screens of docs/patient.md, from the real bot.

A person in each language meets every kind of screen, and each is a picture 390 pixels wide, as on a phone. The three
photos are answered with "watch it", "have it looked at" and "see a doctor". It needs what `benchmarks.phone` needs.
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
from bot.samples import sample
from bot.sandbox.client import Message

PEOPLE = {"en": (1001, "Emma"), "ru": (1002, "Анна")}
BOT = "@sandbox_bot"

Screen = tuple[str, Message, Message | None]
"""Its name, and the first and the last message of it; None where it is one message."""


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
            for part in (beginning, answers, questions, moles, past, words_of_their_own, their_data):
                async for name, first, last in part(phone, pictures):
                    await phone.picture(first, out / f"{name}-{language}.png", last)
            async for name, first, last in what_comes_later(phone, shop):
                await phone.picture(first, out / f"{name}-{language}.png", last)
            group = await phone.gather("Family")
            photo = (await phone.send_photos(pictures[0], chat_id=group, caption=f"{BOT}?"))[0]
            private = await phone.settled()
            await phone.picture(private, out / f"from-group-{language}.png")
            notice = next(each for each in await phone.messages(group) if each["from"]["is_bot"])
            await phone.look_at("Family")
            await phone.picture(photo, out / f"group-{language}.png", notice)


async def beginning(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """From /start to the first photo."""
    welcome = await phone.ask("/start")
    yield "start", welcome, None
    [early] = await phone.send_photos(pictures[0])
    asked = await phone.settled()
    yield "early", early, asked
    offer = await phone.tap(asked, "consent")
    await phone.turn(offer, "earlier:read")
    yield "offered", offer, await phone.settled()
    yield "help", await phone.ask("/help"), None
    yield "howto", await phone.ask("/howto"), None
    for kind in ("blurred", "dark", "skin"):
        [sent] = await phone.send_photos(sample(kind))
        yield f"refused-{kind}", sent, await phone.settled()


async def answers(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """The three tiers, what their buttons show, and an album."""
    for tier, picture in zip(("low", "raised", "high"), pictures, strict=True):
        [sent] = await phone.send_photos(picture)
        answer = await phone.settled()
        yield f"answer-{tier}", sent, answer
        yield f"why-{tier}", await phone.tap(answer, "why:"), None
    yield "kinds", await phone.turn(answer, "kinds:"), None
    said = {"en": "It itches since spring", "ru": "Зудит с весны"}[phone.language]
    [sent] = await phone.send_photos(pictures[0], caption=said)
    yield "answer-note", sent, await phone.settled()
    sent = (await phone.send_photos(*pictures))[0]
    yield "album", sent, await phone.settled()
    report = await phone.tap(answer, "doctor:")
    yield "report-message", report, None
    verdict = await phone.tap(answer, "right:")
    yield "verdict", verdict, None
    await phone.turn(verdict, "said:")
    yield "biopsy", verdict, None
    await phone.turn(verdict, "biopsy:")
    yield "verdict-noted", verdict, None


async def questions(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """The six questions and the surer answer."""
    answer = await phone.show(pictures[1])
    await phone.turn(answer, "ask:")
    yield "question-age", answer, None
    for choice, name in ((2, "body"), (7, "changed"), (1, "bleeds"), (0, "itches"), (3, "felt")):
        await phone.turn(answer, chosen(await phone.latest(answer), choice))
        yield f"question-{name}", answer, None
    await phone.turn(answer, chosen(await phone.latest(answer), 0))
    yield "answered-questions", answer, None


async def moles(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """A mole is named, compared and watched."""
    answer = await phone.show(pictures[2])
    which = await phone.tap(answer, "follow:")
    yield "which-mole", which, None
    places = await phone.tap(which, "addto:")
    yield "places", places, None
    named = await phone.tap(places, "place:")
    yield "named", named, None
    second = await phone.show(turned(pictures[2]))
    known = await phone.tap(second, "follow:")
    compared = await phone.tap(known, "addto:")
    yield "comparison", compared, None
    remind = await phone.tap(compared, "mole:remind:")
    yield "reminder", remind, None
    await phone.turn(remind, "remind:")
    clock = await phone.answer()
    yield "clock", remind, clock
    await phone.turn(clock, f"clock:{noon()}")
    yield "clock-set", clock, None
    yield "moles", await phone.ask("/moles"), None
    yield "forget", await phone.tap(compared, "mole:ask:"), None


async def past(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """The history, narrowed and in small pictures."""
    listed = await phone.ask("/history")
    yield "history", listed, None
    yield "history-pictures", await phone.tap(listed, "strip:"), None
    await phone.turn(listed, "past:0:warned")
    yield "history-warned", listed, None
    await phone.turn(listed, "history:months")
    yield "history-months", listed, None
    entry = await phone.tap(await phone.ask("/history"), "result:")
    yield "history-entry", entry, None


async def words_of_their_own(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """What people write, and what is answered."""
    texts = {
        "en": ("Is this cancer?", "What should I do?", "It itches and bleeds", "Hello", "Thanks", "How much is it?"),
        "ru": ("Это рак?", "Что мне делать?", "Чешется и кровоточит", "Здравствуйте", "Спасибо", "Сколько стоит?"),
    }[phone.language]
    for name, text in zip(("cancer", "advice", "symptom", "greeting", "thanks", "unknown"), texts, strict=True):
        sent = await phone.write(text)
        yield f"talk-{name}", sent, await phone.answer()
    sent = await phone.send_clip("voice")
    yield "talk-voice", sent, await phone.answer()


async def their_data(phone: Phone, pictures: Sequence[bytes]) -> AsyncIterator[Screen]:
    """Privacy, agreements, export and deletion."""
    privacy = await phone.ask("/privacy")
    yield "privacy", privacy, None
    agreements = await phone.tap(privacy, "agreements")
    yield "agreements", agreements, None
    yield "withdraw", await phone.tap(agreements, "withdraw:ask"), None
    yield "export", await phone.ask("/export"), None
    yield "delete", await phone.ask("/delete"), None
    yield "language", await phone.ask("/language"), None


async def what_comes_later(phone: Phone, shop: Phones) -> AsyncIterator[Screen]:
    """The reminder of a mole, and the question after a warning, as if their time had come."""
    with closing(sqlite3.connect(shop.folder / "bot.db")) as database:
        for table in ("reminders", "follow_ups"):
            database.execute(f"UPDATE {table} SET due_at = datetime('now', '-1 hour')")
        database.commit()
    first, second = await phone.answer(), await phone.answer()
    reminder, question = sorted((first, second), key=lambda each: "photo" in each)
    yield "reminded", reminder, None
    yield "follow-up", question, None
    yield "not-yet", await phone.tap(question, "unseen:"), None


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
        buffer = io.BytesIO()
        cut.convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
