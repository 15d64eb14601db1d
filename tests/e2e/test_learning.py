"""From the agreement to a training folder and back out of it, with the real bot and its networks, in both languages."""

import asyncio
import csv
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from cryptography.fernet import Fernet

from benchmarks.load.processes import ADMIN_ID, BotProcess
from bot.learning.__main__ import main
from bot.samples import sample
from bot.sandbox.client import Message, words
from storage.database import Database
from tests.e2e.playing import QUICK_BOT, Person
from tests.e2e.test_own_data import says

PIECE = 32
KEY = Fernet.generate_key().decode()
ENGLISH = {
    "agreements": "What I agree to",
    "training": "Training",
    "what": "What is it?",
    "nevus": "Melanocytic nevus",
    "melanoma": "Melanoma",
    "outline": "Is this outline right?",
    "right": "It is right",
    "told": "I had said:",
    "next": "Next photo",
    "decided": "The label is decided.",
    "done": "There is no photo for you to label now.",
    "kappa": "Cohen's kappa: 0.00",
}
RUSSIAN = {
    "agreements": "На что я даю согласие",
    "training": "Обучение",
    "what": "Что это?",
    "nevus": "Меланоцитарный невус",
    "melanoma": "Меланома",
    "outline": "Верный ли это контур?",
    "right": "Верный",
    "told": "Мой ответ был:",
    "next": "Следующее фото",
    "decided": "Разметка принята.",
    "done": "Сейчас для вас нет фото для разметки.",
    "kappa": "Каппа Коэна: 0.00",
}


@pytest.fixture
def bot(own_api_url: str, folder: Path) -> Iterator[BotProcess]:
    """A bot of the test's own, whose pool is empty."""
    bot = BotProcess(own_api_url, folder, {"DATA_KEY": KEY}, QUICK_BOT)
    bot.start()
    yield bot
    assert bot.stop() == 0, bot.log.read_text()


@pytest_asyncio.fixture
async def people(bot: BotProcess, http: ClientSession, request: pytest.FixtureRequest) -> list[Person]:
    """A patient, and three reviewers."""
    admin = await Person(http, bot.api_url, ADMIN_ID, "Admin", "en").join()
    playing = []
    for number in range(4):
        person = await Person(http, bot.api_url, 40_001 + number, "Reader", request.param).join()
        await person.agree()
        if number:
            await admin.write(f"/grant {person.id} reviewer")
            await admin.answer(says(str(person.id)))
        playing.append(person)
    return playing


async def switch_training(who: Person, says_: dict[str, str], mark: str) -> None:
    """Press the switch, and wait until it stands as `mark` says."""
    await who.write("/privacy")
    await who.click(await who.answer(says("/delete")), says_["agreements"])
    await who.click(await who.answer(), says_["training"])
    await who.wait(lambda chat: True if f"{mark} {says_['training']}" in str(chat["messages"][-1]) else None)


async def kept(bot: BotProcess) -> int:
    """The number of the only photo in the pool, once it is there."""
    beside = await Database.open_beside(f"sqlite+aiosqlite:///{bot.folder / 'bot.db'}", KEY.encode())
    try:
        async with asyncio.timeout(100):
            while not (numbers := await beside.training_pool.ids()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await beside.close()
    [number] = numbers
    return number


async def label(who: Person, says_: dict[str, str], chosen: str) -> Message:
    """Label the next photo and find its outline right; the message with what the bot had said."""
    await who.write("/label")
    photo = await who.answer(says(says_["what"]))
    assert says_["told"] not in words(photo)
    await who.click(photo, says_[chosen])
    asked = await who.changed(photo)
    assert says_["outline"] in words(asked)
    await who.click(asked, says_["right"])
    told = await who.changed(asked)
    assert says_["told"] in words(told)
    return told


async def export(root: Path) -> None:
    """Run the command, which is not the bot's process, beside the bot."""
    assert await asyncio.to_thread(main, ["export", str(root)]) == 0


def ciphertexts(bot: BotProcess) -> list[bytes]:
    """All that the database has of the pool."""
    columns = ("picture FROM pool_photos", "outlines FROM pool_photos", "said FROM pool_labels")
    with sqlite3.connect(bot.folder / "bot.db") as connection:
        values = [value for each in columns for (value,) in connection.execute(f"SELECT {each}")]
    connection.close()
    return values


def found(value: bytes, content: bytes) -> bool:
    """Whether a part of a value is there: a database spreads a large one over its pages."""
    return any(value[first : first + PIECE] in content for first in range(0, len(value) - PIECE, PIECE))


def contents(*folders: Path) -> bytes:
    """The bytes of all files in these folders."""
    return b"".join(each.read_bytes() for folder in folders for each in folder.rglob("*") if each.is_file())


# A bot of its own, with four people, takes its time on a busy machine.
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("people", "language"), [("en", ENGLISH), ("ru", RUSSIAN)], indirect=["people"])
async def test_a_given_photo_is_labelled_exported_and_gone_with_the_agreement(
    bot: BotProcess, people: list[Person], language: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, first, second, third = people
    out = tmp_path / "pool"
    monkeypatch.setenv("DATA_DIR", str(bot.folder))
    monkeypatch.setenv("DATA_KEY", KEY)
    # Of a photo from before the agreement nothing is kept.
    await patient.send_photos(sample("uneven"))
    await patient.answered()
    await switch_training(patient, language, "✅")
    await patient.send_photos(sample("mole"))
    await patient.answered()
    number = await kept(bot)

    for who, chosen in ((first, "nevus"), (second, "melanoma"), (third, "nevus")):
        told = await label(who, language, chosen)
    assert language["decided"] in words(told)
    await third.click(told, language["next"])
    assert language["kappa"] in words(await third.answer(says(language["done"])))

    await export(out)
    [row] = csv.DictReader(io.StringIO((out / "labels.csv").read_text()))
    assert (row["image"], row["label"], row["domain"]) == (str(number), "nv", "phone")
    assert str(patient.id) not in str(row)
    picture = (out / "images" / f"{number}.jpg").read_bytes()
    assert (out / "masks" / f"{number}.png").is_file() and found(picture, contents(out))
    sealed, here = ciphertexts(bot), contents(bot.folder)
    assert len(sealed) == 5 and all(found(each, here) for each in sealed) and not found(picture, here)

    await switch_training(patient, language, "⬜")
    left = contents(bot.folder)
    assert ciphertexts(bot) == [] and not any(found(each, left) for each in sealed)
    # The folder follows with the next export.
    await export(out)
    assert [each.name for each in out.rglob("*") if each.is_file()] == ["labels.csv"]
    assert not found(picture, contents(bot.folder, out)) and len((out / "labels.csv").read_text().splitlines()) == 1
