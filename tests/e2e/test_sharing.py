"""A result goes from the patient to a doctor by a link, with the real bot and its networks, in both languages."""

import json
import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from bot.sandbox.client import Message, words
from tests.e2e.playing import Person
from tests.e2e.test_moles import is_photo, photo, says

ENGLISH = {
    "share": "Share with a doctor",
    "month": "A month",
    "link": "It opens once",
    "offer": "health data",
    "open": "Open it",
    "note": "Leave a note",
    "which": "What shall I tell them?",
    "come": "Please come in",
    "left": "They have your note",
    "report": "The report as a PDF",
    "opened": "has opened what you shared",
    "unchecked": "I have not checked who that is",
    "back": "Take back",
    "mine": "You share:",
    "revoked": "has taken it back",
    "own": "This is your own link",
}
RUSSIAN = {
    "share": "Показать врачу в Telegram",
    "month": "Месяц",
    "link": "сработает один раз",
    "offer": "сведения о здоровье",
    "open": "Открыть",
    "note": "Оставить заметку",
    "which": "Что передать?",
    "come": "Приходите на приём",
    "left": "Ваша заметка доставлена",
    "report": "Отчёт в PDF",
    "opened": "теперь видит",
    "unchecked": "Я не проверял, кто это",
    "back": "Закрыть доступ",
    "mine": "Вы дали доступ:",
    "revoked": "закрыл доступ",
    "own": "ваша собственная ссылка",
}


@pytest.mark.parametrize("in_russian", [False, True])
async def test_a_doctor_reads_a_result_by_a_link_until_it_is_taken_back(
    person: Person, ivan: Person, in_russian: bool
) -> None:
    patient, doctor = (ivan, person) if in_russian else (person, ivan)
    said, read = (RUSSIAN, ENGLISH) if in_russian else (ENGLISH, RUSSIAN)
    answer = await photo(patient, "mole")
    await patient.click(answer, said["share"])
    question = await patient.answer()
    await patient.click(question, said["month"])
    start = link_in(await patient.changed(question), said["link"])
    await patient.write(f"/start {start}")
    await patient.answer(says(said["own"]))

    await doctor.write(f"/start {start}")
    await doctor.click(await doctor.answer(says(read["offer"])), read["open"])
    shown = await doctor.answer(is_photo)
    # The very picture that the patient got, not another upload.
    assert shown["photo"][-1]["file_id"] == answer["photo"][-1]["file_id"]
    assert read["note"] in json.dumps(shown["reply_markup"], ensure_ascii=False)
    told = await patient.answer(says(said["opened"]))
    assert doctor.name in words(told)
    await doctor.click(shown, read["report"])
    file = await doctor.answer(lambda message: "document" in message)
    assert (await doctor.file(file["document"]["file_id"])).startswith(b"%PDF")
    await doctor.click(shown, read["note"])
    await doctor.click(await doctor.answer(says(read["which"])), read["come"])
    note = await patient.answer(says(said["come"]))
    assert said["unchecked"] in words(note)
    await patient.write("/export")
    exported = await patient.answer(lambda message: "document" in message)
    with ZipFile(BytesIO(await patient.file(exported["document"]["file_id"]))) as archive:
        assert doctor.name.encode() in archive.read("data.json")

    await patient.write("/shared")
    listed = await patient.answer(says(said["mine"]))
    await patient.click(listed, said["back"])
    await patient.changed(listed)
    await doctor.write(f"/start {start}")
    await doctor.answer(says(read["revoked"]))


async def test_a_shared_mole_is_gone_for_its_reader_once_its_owner_has_erased_everything(
    person: Person, ivan: Person
) -> None:
    await person.click(await photo(person, "mole"), "Follow this mole")
    await person.click(await person.answer(says("Which mole")), "A new mole")
    await person.click(await person.answer(says("Where is it?")), "6 · left arm")
    await person.click(await person.answer(says("I call it left arm.")), "Open this mole")
    await person.click(await person.answer(says("Photos: 1")), "Share with a doctor")
    question = await person.answer(says("Share left arm with one person?"))
    await person.click(question, "Until I take it back")
    start = link_in(await person.changed(question), "until you take it back")
    await ivan.write(f"/start {start}")
    await ivan.click(await ivan.answer(says(RUSSIAN["offer"])), RUSSIAN["open"])
    assert "left arm" in words(await ivan.answer(is_photo))
    await person.write("/delete")
    await person.click(await person.answer(says("Erase everything")), "Yes")
    await person.wait(lambda chat: next((m for m in chat["messages"] if "is erased" in words(m)), None))
    await ivan.write("/shared")
    await ivan.answer(says("Вы никому не дали доступа"))
    await ivan.write(f"/start {start}")
    await ivan.answer(says("никуда не ведёт"))


def link_in(message: Message, part: str) -> str:
    """What follows `/start` in the link of a message that says `part`."""
    assert part in words(message)
    found = re.search(r"start=(share_[\w-]+)", words(message))
    assert found is not None
    return found[1]
