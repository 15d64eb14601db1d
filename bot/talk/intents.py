"""Short questions in English and Russian: one table of patterns, no language model."""

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """The intent of a text, in the order in which the patterns are tried."""

    CANCER = "cancer"
    ADVICE = "advice"
    PHOTO = "photo"
    THANKS = "thanks"
    GREETING = "greeting"


_PATTERNS: Final = {
    Intent.CANCER: r"cancer\w*|melanoma\w*|malignant|tumou?r|dangerous|is (?:it|this) (?:bad|serious)"
    r"|am i (?:ill|sick|dying)|рак|рака|раком|онколог\w*|меланом\w*|злокачествен\w*|опухол\w*|опасн\w*"
    r"|это серьезно|я (?:умру|болен|больна)",
    Intent.ADVICE: r"what (?:should|can|do|must) i do|what now|what next|should i (?:see|go|worry|visit)|which doctor"
    r"|(?:что|че) (?:мне |же )?(?:теперь |дальше )?делать|как быть|что дальше|к (?:какому|кому) \w+"
    r"|куда (?:мне )?(?:идти|обратиться)|(?:надо|нужно|стоит) ли .*врач\w*|идти к врачу",
    Intent.PHOTO: r"how (?:do i|to|should i|can i) (?:take|send|make|shoot)|(?:good|better) (?:photo|picture)"
    r"|как (?:\w+ )?(?:сделать|снять|сфотографировать|прислать|отправить|фотографировать)",
    Intent.THANKS: r"thanks?|thank you|thx|спасибо|благодар\w*|спс",
    Intent.GREETING: r"hi|hello|hey|good (?:morning|day|evening|afternoon)|привет\w*|здравствуй\w*|здрасте"
    r"|доброе утро|добрый (?:день|вечер)|хай",
}
_FOUND: Final = {intent: re.compile(rf"\b(?:{words})\b") for intent, words in _PATTERNS.items()}


def intent_of(text: str) -> Intent | None:
    """The intent of a text; None if no pattern matches."""
    said = text.lower().replace("ё", "е").replace("’", "'")
    return next((intent for intent, words in _FOUND.items() if words.search(said)), None)
