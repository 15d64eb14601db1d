"""What a person says counts: a caption, and the six questions under an answer, in both languages."""

from typing import Any

from benchmarks.load.chats import is_progress
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person


async def test_a_caption_that_tells_of_bleeding_is_never_answered_in_blue(person: Person, ivan: Person) -> None:
    for who, caption, told, action in (
        (person, "bleeding for 2 weeks and growing", "You say: it bleeds, it grows.", "dermatologist"),
        (ivan, "кровоточит уже две недели", "Вы пишете: кровоточит.", "пятно"),
    ):
        await who.send_photos(sample("mole"), caption=caption)
        first, second, *_ = words(await who.answered()).splitlines()
        assert first[0] in "🟠🔴" and action in first
        assert second.startswith(told)
        await who.write("/history")
        assert "🔵" not in words(await who.answer())


async def test_a_caption_that_denies_symptoms_changes_nothing(person: Person) -> None:
    await person.send_photos(sample("mole"))
    plain = words(await person.answered())
    await person.send_photos(sample("mole"), caption="it does not bleed or itch")
    said = [line for line in words(await person.answered()).splitlines() if "sent this very photo before" not in line]
    assert said == plain.splitlines()


async def test_six_taps_make_a_surer_answer_and_can_be_corrected(person: Person) -> None:
    await person.send_photos(sample("mole"))
    answer = await person.answered()
    shown = await tap(person, answer, "Six questions")
    assert "Question 1 of 6" in words(shown) and "How old are you?" in words(shown)
    shown = await tap(person, shown, "45–59")
    assert "3 · nose" in str(shown["reply_markup"]) and picture(shown) != picture(answer), "the body is shown"
    shown = await tap(person, shown, "‹ Back")
    assert picture(shown) == picture(answer)
    assert "✓ 45–59" in str(shown["reply_markup"]), "what was answered is marked"
    shown = await tap(person, shown, "Skip")
    shown = await tap(person, shown, "nose")
    assert picture(shown) == picture(answer)
    shown = await tap(person, shown, "I don't know")
    shown = await tap(person, shown, "Yes")
    shown = await tap(person, shown, "Neither")
    assert "Question 6 of 6" in words(shown)
    surer = await tap(person, shown, "No")
    assert words(surer)[0] in "🟠🔴"
    assert "You say: it bleeds." in words(surer)
    assert "your answers" in words(surer).lower(), "what changed and why"
    shown = await tap(person, surer, "Correct my answers")
    for _skip in range(3):
        shown = await tap(person, shown, "Skip")
    for answer_now in ("No", "Skip", "Skip"):
        shown = await tap(person, shown, answer_now)
    assert "it bleeds" not in words(shown)


async def test_the_questions_are_asked_in_russian_too(ivan: Person) -> None:
    await ivan.send_photos(sample("mole"))
    shown = await tap(ivan, await ivan.answered(), "Шесть вопросов")
    assert "Вопрос 1 из 6" in words(shown) and "Сколько вам лет?" in words(shown)
    shown = await tap(ivan, shown, "до 30")
    assert "Где на теле это пятно?" in words(shown)


def picture(message: dict[str, Any]) -> str:
    return str(message["photo"][-1]["file_unique_id"])


async def tap(person: Person, message: dict[str, Any], label: str) -> dict[str, Any]:
    """Press a button and wait until the message has changed."""
    await person.click(message, label)
    changed = await person.changed(message)
    assert not is_progress(changed)
    return changed
