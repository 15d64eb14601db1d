"""What an `Analysis` means to a person, in plain words. Chat and web page use the same sentences.

First comes what to do, judged by all cancers and pre-cancers together. Then come the class in plain words with its
medical term, and that this is no diagnosis. The texts never say "healthy" or "safe", and name no treatment and no
prognosis.
"""

from collections.abc import Mapping
from typing import Final

from babel.numbers import format_percent

from inference.analysis import Refusal, Risk
from inference.classes import SUSPICIOUS
from inference.drawing.words import action, translator

STANDS_OUT: Final = 0.5
"""With a smaller share of the likeliest class, the text says that no single kind stands out."""


def plain_name(label: str, language: str = "en") -> str:
    """A class in plain words, its medical term in brackets."""
    _ = translator(language)
    names = {
        "akiec": _("pre-cancerous rough patch or carcinoma in situ (actinic keratosis, Bowen's disease)"),
        "bcc": _("slow-growing skin cancer (basal cell carcinoma)"),
        "bkl": _("age spot or wart-like growth (benign keratosis)"),
        "df": _("firm nodule in the skin (dermatofibroma)"),
        "mel": _("cancer of the skin's pigment cells (melanoma)"),
        "nv": _("mole (melanocytic nevus)"),
        "scc": _("skin cancer of the outer layer (squamous cell carcinoma)"),
        "vasc": _("blood vessel spot (vascular lesion)"),
    }
    return names[label]


def percent(probability: float, language: str = "en") -> str:
    """A probability (0..1) in whole per cent, as the language writes it: "<1%" instead of 0, ">99%" instead of 100."""
    if 0 < probability < 0.01:
        return f"<{format_percent(0.01, locale=language)}"
    if 0.99 < probability < 1:
        return f">{format_percent(0.99, locale=language)}"
    return str(format_percent(probability, locale=language))


def group_share(probabilities: Mapping[str, float]) -> float:
    """How likely the malignant and pre-malignant classes are together, 0..1."""
    return min(1.0, sum(probabilities.get(name, 0.0) for name in SUSPICIOUS))


def group(probabilities: Mapping[str, float], language: str = "en") -> str:
    """Cancer and pre-cancer together against all the rest."""
    _ = translator(language)
    share = group_share(probabilities)
    words = _("Cancer/pre-cancer {share}, other {rest}")
    return words.format(share=percent(share, language), rest=percent(1 - share, language))


def no_warning_signs(language: str = "en") -> str:
    """What a low risk means, and what it does not."""
    _ = translator(language)
    return _("No warning signs found by the model. See a doctor if it changes, bleeds, itches or grows.")


def missed(share: float, language: str = "en") -> str:
    """How many of a hundred melanomas get a low answer too; `share` (0..1) is as measured on such photos."""
    _ = translator(language)
    words = _("Of 100 melanomas in such photos, about {number} got an answer like this.")
    return words.format(number=round(100 * share))


def several(spots: int, language: str = "en") -> str:
    """How many spots a photo shows, which one the answer is about, and what to send; empty for a single spot."""
    if spots < 2:
        return ""
    _ = translator(language)
    words = _(
        "I see several spots here: {count}. The answer is about number 1, which worries me most. Please send a "
        "close-up of each of them."
    )
    return words.format(count=spots)


def advice(
    risk: Risk,
    probabilities: Mapping[str, float],
    language: str = "en",
    *,
    spots: int = 1,
    missed_share: float | None = None,
) -> str:
    """What to do next and why, in plain text, for an analysis with a label. It names the spot if there are several.

    A low answer says how many melanomas it misses, if that was measured: `missed_share` (0..1).
    """
    why = [f"{group(probabilities, language)}."]
    if risk is Risk.LOW:
        why = [no_warning_signs(language), "" if missed_share is None else missed(missed_share, language)]
    return " ".join(filter(None, [f"{action(risk, language)}.", *why, several(spots, language)]))


def not_a_diagnosis(language: str = "en") -> str:
    """The line every answer ends with."""
    _ = translator(language)
    return _("Not a diagnosis. Unsure? See a doctor.")


def refusal_in_words(refusal: Refusal, language: str = "en") -> tuple[str, str]:
    """Why a photo got no class, and how to take a better photo."""
    _ = translator(language)
    return {
        Refusal.NO_LESION: (
            _("I see no mole or spot in this photo"),
            _("Put one spot in the middle of the picture, fill about a third of it, and send it again."),
        ),
        Refusal.NOT_SKIN: (
            _("This does not look like skin"),
            _(
                "I read only close-ups of a spot on the skin: taken from 10 to 15 cm, in good light, "
                "spot in the middle."
            ),
        ),
        Refusal.BLURRED: (
            _("This photo is blurred"),
            _("Hold the phone 10 to 15 cm away, tap the spot on the screen to focus, and keep still."),
        ),
        Refusal.TOO_DARK: (
            _("This photo is too dark"),
            _("Go to a window or switch on a bright lamp, keep your shadow off the spot, and try again."),
        ),
        Refusal.GLARE: (
            _("Light washes out a part of this photo"),
            _("Switch off the flash or tilt the phone, so that no lamp is reflected in the skin, and try again."),
        ),
        Refusal.TOO_SMALL: (
            _("This photo is too small"),
            _("Send the original photo from your camera rather than a thumbnail or a cut-out."),
        ),
    }[refusal]
