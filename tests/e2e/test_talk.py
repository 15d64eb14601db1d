"""Words of one's own get the answer that helps, in both languages."""

from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person


async def test_a_question_is_answered_by_the_last_result(person: Person, ivan: Person) -> None:
    for who, question, cannot, headed in (
        (person, "Is this cancer?", "That I cannot tell", "Your last result:"),
        (ivan, "Это рак?", "Этого не скажу ни я", "Ваш последний результат:"),
    ):
        await who.write(question)
        without = words(await who.answer())
        assert cannot in without and headed not in without
        await who.send_photos(sample("mole"))
        answered = words(await who.answered())
        await who.write(question)
        said = words(await who.answer())
        assert cannot in said and headed in said
        assert answered.splitlines()[0] in said


async def test_a_symptom_in_free_text_raises_the_last_result(person: Person, ivan: Person) -> None:
    for who, text, told in (
        (person, "it bleeds", "You say: it bleeds."),
        (ivan, "оно кровоточит", "Вы пишете: кровоточит."),
    ):
        await who.write(text)
        assert words(await who.answer())[0] == "🟠"
        await who.send_photos(sample("mole"))
        assert words(await who.answered())[0] == "🔵"
        await who.write(text)
        said = words(await who.answer())
        assert said[0] == "🟠" and told in said
        await who.write("/history")
        history = words(await who.answer())
        assert "🟠" in history and "🔵" not in history


async def test_a_greeting_and_thanks_are_understood(person: Person, ivan: Person) -> None:
    for who, text, part in (
        (person, "hello", "Send me a close-up photo"),
        (person, "thanks", "You are welcome"),
        (ivan, "Привет!", "Пришлите мне фото"),
        (ivan, "спасибо", "Пожалуйста!"),
    ):
        await who.write(text)
        assert part in words(await who.answer())


async def test_start_after_the_agreement_keeps_the_disclaimer(person: Person) -> None:
    await person.write("/start")
    again = await person.answer()
    assert "What I am not" in words(again) and "reply_markup" not in again
