"""A mole over time with the real bot and its networks, in both languages."""

import io
import json
import zipfile
from collections.abc import Callable

from bot.samples import sample
from bot.sandbox.client import Message
from tests.e2e.playing import Person


def is_photo(message: Message) -> bool:
    return "photo" in message


def says(part: str) -> Callable[[Message], bool]:
    return lambda message: part in (message.get("text") or message.get("caption") or "")


def has_button(text: str) -> Callable[[Message], bool]:
    return lambda message: text in str(message.get("reply_markup"))


async def photo(person: Person, name: str) -> Message:
    """Send a photo; its answer."""
    await person.send_photos(sample(name))
    return await person.answered(is_photo)


async def test_two_photos_of_a_mole_are_compared_and_it_can_be_shown_to_a_doctor(person: Person) -> None:
    await person.click(await photo(person, "mole"), "Follow this mole")
    await person.click(await person.answer(says("Which mole")), "A new mole")
    await person.click(await person.answer(says("Where is it?")), "10 · upper back")
    await person.answer(says("I call it upper back."))
    await person.click(await photo(person, "uneven"), "Follow this mole")
    await person.click(await person.answer(says("Which mole")), "upper back")
    compared = await person.answer(lambda message: is_photo(message) and "Photos: 2" in message["caption"])
    assert compared["caption"].startswith("upper back\n")
    await person.click(compared, "For my doctor")
    report = await person.answer(lambda message: "document" in message)
    assert (await person.file(report["document"]["file_id"])).startswith(b"%PDF")
    await person.write("/export")
    exported = await person.answer(lambda message: "document" in message)
    archive = zipfile.ZipFile(io.BytesIO(await person.file(exported["document"]["file_id"])))
    data = json.loads(archive.read("data.json"))
    assert [each["name"] for each in data["moles"]] == ["upper back"]
    assert len(data["moles"][0]["photos"]) == 2


async def test_photos_of_a_mole_come_one_by_one_with_a_table(person: Person, ivan: Person) -> None:
    for who, follow, fresh, story, heading in (
        (person, "Follow this mole", "A new mole", "Photo by photo", "Cancer or pre-cancer"),
        (ivan, "Следить за родинкой", "Новая родинка", "По порядку", "Рак или предрак"),
    ):
        await who.click(await photo(who, "mole"), follow)
        await who.click(await who.answer(has_button(fresh)), fresh)
        await who.click(await who.answer(is_photo), "10 · ")
        await who.answer(lambda message: "text" in message)
        await who.click(await photo(who, "uneven"), follow)
        # The first button is the mole that is followed already.
        await who.click(await who.answer(has_button(fresh)), 0)
        await who.click(await who.answer(has_button(story)), story)
        told = await who.answer(lambda message: "rich_message" in message)
        kinds = [each["type"] for each in told["rich_message"]["blocks"]]
        assert kinds == ["heading", "slideshow", "paragraph", "table", "details", "footer"]
        assert heading in str(told["rich_message"])


async def test_a_mole_is_followed_in_russian_and_goes_with_delete(ivan: Person) -> None:
    await ivan.click(await photo(ivan, "mole"), "Следить за родинкой")
    await ivan.click(await ivan.answer(says("Какая родинка")), "Новая родинка")
    await ivan.click(await ivan.answer(says("Где она?")), "6 · левая рука")
    await ivan.click(await ivan.answer(says("Название: левая рука.")), "Напомнить")
    await ivan.click(await ivan.answer(says("Когда напомнить")), "Через три месяца")
    await ivan.write("/moles")
    assert "левая рука" in (await ivan.answer(says("Ваши родинки")))["text"]
    await ivan.write("/delete")
    await ivan.click(await ivan.answer(says("Стереть всё")), 0)
    await ivan.wait(lambda chat: next((m for m in chat["messages"] if "стёрто" in (m.get("text") or "")), None))
    await ivan.write("/moles")
    await ivan.answer(says("пока нет родинок"))
