"""Finds symptoms in a caption or a text, in English and Russian, by patterns with negations.

If a sentence is ambiguous, the symptom counts, because a needless warning costs less than a missed one.
"""

import re
from typing import Final

from bot.results import Symptom

_PATTERNS: Final = {
    Symptom.BLEEDS: r"bleed\w*|bled|blood(?! (?:vessel|test|pressure))|bloody|ooz\w+|weep\w*"
    r"|(?:за)?кровоточ\w*|кров(?:ь|и|ью|ит|ят|ила|ило)|кровян\w*|мокнет|сочится",
    Symptom.GREW: r"grow\w*|grew(?! up)|bigger|larger|enlarg\w*|swell\w*|swollen"
    r"|(?:под|вы|раз)?расте?т|(?:под|вы|раз)?рос(?:ла|ло|ли)?|увелич\w+|стал\w* больше|разрастается|опух\w*",
    Symptom.CHANGED: r"chang\w+|darken\w*|(?:got|gets|getting|turn\w*|becom\w+|became) (?:darker|black|red)"
    r"|(?:из|по)?меня(?:ет|ют|л)\w*|измен(?:ил|ен)\w*|(?:по)?темне(?:ет|л)\w*|(?:по)?черне(?:ет|л)\w*|воспал\w+",
    Symptom.ITCHES: r"itch\w*|(?:за)?зуд(?:ит|ят|а|е|ела|ело)?|чеш(?:ет|ут)\w*|чеса(?:ла|ло|л|ли)с[ья]",
    Symptom.HURTS: r"hurt\w*|pain\w*|ache\w*|aching|sting\w*|tender"
    r"|бол(?:ит|ят|ел|ела|ело|ь|и|ью|ей)|больно|болезнен\w*|ноет|жжет|щиплет",
}
_FOUND: Final = {symptom: re.compile(rf"\b(?:{words})\b") for symptom, words in _PATTERNS.items()}
# In these patterns the negation is part of the symptom.
_SORE: Final = re.compile(
    r"\b(?:(?:not|n't|never|won't|doesn't) heal\w*|unhealed|ulcer\w*|open sore|sore that|scab\w*|crust\w*"
    r"|не (?:\w+ )?зажива\w+|незаживающ\w+|язв\w+|короч?к\w+)\b"
)
_CLAUSE: Final = re.compile(r"([.,;:!?()\n]+|\b(?:and|but|yet|although|и|но|а|однако|зато)\b)")
_NOT: Final = re.compile(
    r"(?:no|not|never|without|none|neither|nor|cannot|\w+n't|dont|doesnt|didnt|isnt|hasnt|не|нет|без|ни|никогда)"
)
_NOUN_NOT: Final = re.compile(r"\b(?:no|without|neither|нет|без)\b")
_OR: Final = frozenset({"or", "nor", "any", "или", "либо", "ни"})
_REACH: Final = 3  # number of words between a negation and what it negates, without symptoms joined by "or"


def symptoms_in(text: str | None) -> frozenset[Symptom]:
    """The symptoms that a person reports in their own words."""
    said = (text or "").lower().replace("’", "'").replace("ё", "е")
    found = {Symptom.SORE} if _SORE.search(said) else set()
    denied = False
    parts = ["", *_CLAUSE.split(said)]
    for joint, clause in zip(parts[::2], parts[1::2], strict=True):
        words = re.findall(r"[\w']+", clause)
        if not words or "волос" in clause or "hair" in words:
            continue
        reported = {symptom for symptom, pattern in _FOUND.items() if _holds(clause, pattern)}
        bare = all(word in _OR or _is_symptom(word) for word in words)
        # "no itching, bleeding or pain": the negation holds for the whole list.
        denied = (denied and bare and joint.startswith(",")) or bool(
            _NOUN_NOT.search(clause) and any(map(_is_symptom, words)) and not reported
        )
        found |= set() if denied else reported
    return frozenset(found)


def _holds(clause: str, pattern: re.Pattern[str]) -> bool:
    """Whether a clause has this pattern at least once without a negation."""
    return any(
        not _is_denied(re.findall(r"[\w']+", clause[: match.start()]), re.findall(r"[\w']+", clause[match.end() :]))
        for match in pattern.finditer(clause)
    )


def _is_denied(before: list[str], after: list[str]) -> bool:
    if after[:1] == ["нет"]:
        return True
    left, joined = _REACH, False
    for word in reversed(before):
        if _NOT.fullmatch(word) and word != "ни":
            return True
        if word in _OR:
            joined = True
        elif _is_symptom(word):
            # "Without pain it bleeds": the negation belongs to the other symptom, unless "or" joins both.
            if not joined:
                return False
            joined = False
        else:
            left -= 1
            if left == 0:
                return False
    return False


def _is_symptom(word: str) -> bool:
    return any(pattern.fullmatch(word) for pattern in _FOUND.values())
