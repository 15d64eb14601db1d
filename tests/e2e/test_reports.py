"""A report for the doctor, from the photo to the file, with the real bot and its networks."""

from bot.samples import sample
from bot.sandbox.client import Message
from tests.e2e.playing import Person
from tests.pages import pdf_pages


def is_document(message: Message) -> bool:
    return "document" in message


async def report(person: Person, button: str) -> str:
    """Send a photo, press the button under its answer, and read the file."""
    await person.send_photos(sample("mole"))
    await person.click(await person.answered(), button)
    sent = await person.answer(is_document)
    content = await person.file(sent["document"]["file_id"])
    assert content.startswith(b"%PDF")
    texts = pdf_pages(content)
    assert len(texts) == 2
    return " ".join(texts)


async def test_a_report_for_the_doctor_says_what_the_answer_did(person: Person, ivan: Person) -> None:
    english = await report(person, "For my doctor")
    for passage in ("Probabilities", "ABCD", "MILK10k", "start=result_", "no medical device", "The doctor's notes"):
        assert passage in english
    russian = await report(ivan, "Для врача")
    for passage in ("Вероятности", "ABCD", "MILK10k", "start=result_", "не ставит диагноз", "Заметки врача"):
        assert passage in russian


async def test_a_report_can_be_had_from_the_history(person: Person) -> None:
    await person.send_photos(sample("mole"))
    await person.answered()
    await person.write("/history")
    await person.click(await person.answer(), 0)
    await person.click(await person.answer(lambda message: "photo" in message), "For my doctor")
    assert (await person.answer(is_document))["document"]["file_name"].endswith(".pdf")
