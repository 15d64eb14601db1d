"""A person's own data with the real bot: agreed to, exported, erased; and the pictures that help. In both languages."""

import io
import json
import zipfile
from collections.abc import Callable

from bot.samples import sample
from bot.sandbox.client import Message, words
from tests.e2e.playing import Person


def says(part: str) -> Callable[[Message], bool]:
    return lambda message: part in words(message)


def is_photo(message: Message) -> bool:
    return "photo" in message


async def test_photos_of_moles_are_kept_by_agreement_and_exported_and_erased(person: Person, ivan: Person) -> None:
    for who, screen, keep, follow, which, new, where, erase, erased in (
        (
            person, "What I agree to", "Keep photos of moles", "Follow this mole", "Which mole", "A new mole",
            "Where is it?", "kept photos of moles: 1", "is erased",
        ),
        (
            ivan, "На что я даю согласие", "Хранить фото родинок", "Следить за родинкой", "Какая родинка",
            "Новая родинка", "Где она?", "сохранённые фото родинок: 1", "стёрто",
        ),
    ):  # fmt: skip
        await who.write("/privacy")
        await who.click(await who.answer(), screen)
        agreements = await who.answer()
        await who.click(agreements, keep)
        await who.wait(lambda chat, keep=keep: True if f"✅ {keep}" in str(chat["messages"]) else None)
        await who.send_photos(sample("mole"))
        await who.click(await who.answered(is_photo), follow)
        await who.click(await who.answer(says(which)), new)
        await who.answer(says(where))
        await who.write("/export")
        sent = await who.answer(lambda message: "document" in message)
        archive = zipfile.ZipFile(io.BytesIO(await who.file(sent["document"]["file_id"])))
        data = json.loads(archive.read("data.json"))
        assert [each["purpose"] for each in data["consents"]] == ["photos"]
        [photo] = [each for each in archive.namelist() if each.startswith("photos/")]
        assert archive.read(photo).startswith(b"\xff\xd8")
        assert archive.read("reports/results.pdf").startswith(b"%PDF")
        await who.write("/delete")
        question = await who.answer()
        assert erase in words(question)
        await who.click(question, 0)
        await who.wait(
            lambda chat, erased=erased: next((each for each in chat["messages"] if erased in words(each)), None)
        )


async def test_a_refusal_and_howto_come_with_pictures(person: Person, ivan: Person) -> None:
    for who, refused, good in (
        (person, "This photo is blurred", "A good photo"),
        (ivan, "Фото нерезкое", "Хорошее фото"),
    ):
        await who.send_photos(sample("blurred"))
        answer = await who.answered()
        assert is_photo(answer) and words(answer).startswith(refused)
        await who.click(answer, 0)
        assert is_photo(await who.answer(says(good)))
        await who.write("/howto")
        assert is_photo(await who.answer(says(good)))


async def test_past_results_are_narrowed_and_shown_small(person: Person, ivan: Person) -> None:
    for who, by_month, which, pictures, gap in (
        (person, "By month", "Results of which month?", "Small pictures", "leave a gap"),
        (ivan, "По месяцам", "Результаты за какой месяц?", "Картинки", "место пустое"),
    ):
        await who.send_photos(sample("mole"))
        await who.answered()
        await who.write("/history")
        page = await who.answer()
        await who.click(page, pictures)
        assert is_photo(await who.answer(says(gap)))
        await who.click(page, by_month)
        months = await who.changed(page)
        assert words(months) == which
        await who.click(months, 0)
        assert "1. " in words(await who.changed(months))
