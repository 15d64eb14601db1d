"""Short questions in both languages, and texts that are none of the known questions."""

import pytest

from bot.talk.intents import Intent, intent_of

ASKED = [
    ("Is this cancer?", Intent.CANCER), ("could it be melanoma", Intent.CANCER), ("Is it dangerous?", Intent.CANCER),
    ("Это рак?", Intent.CANCER), ("а это не меланома?", Intent.CANCER), ("Это опасно?", Intent.CANCER),
    ("What should I do?", Intent.ADVICE), ("what now", Intent.ADVICE), ("Should I see a doctor?", Intent.ADVICE),
    ("Что делать?", Intent.ADVICE), ("что мне теперь делать", Intent.ADVICE), ("К какому врачу идти?", Intent.ADVICE),
    ("How do I take a photo?", Intent.PHOTO), ("Как сделать фото?", Intent.PHOTO), ("как снять?", Intent.PHOTO),
    ("Thanks!", Intent.THANKS), ("thank you", Intent.THANKS), ("Спасибо большое", Intent.THANKS),
    ("hi", Intent.GREETING), ("Hello!", Intent.GREETING), ("Привет", Intent.GREETING), ("Добрый день", Intent.GREETING),
    ("Hi, is this cancer?", Intent.CANCER), ("Здравствуйте! Что мне делать?", Intent.ADVICE),
]  # fmt: skip


@pytest.mark.parametrize(("text", "intent"), ASKED)
def test_a_question_is_recognised_by_its_words(text: str, intent: Intent) -> None:
    assert intent_of(text) is intent
    assert intent_of(text.upper()) is intent


@pytest.mark.parametrize("text", ["", "hip", "the weather", "погода", "дурак", "ракета", "42"])
def test_other_words_are_no_question(text: str) -> None:
    assert intent_of(text) is None
