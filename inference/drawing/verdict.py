"""What an `Analysis` means to a person, in plain words: chat and page say the same, by the rules of care.

The class in plain words with its medical term, what to do next, and that this is no diagnosis. Never "healthy" or
"safe"; no treatment, no prognosis.
"""

from collections.abc import Mapping

from babel.numbers import format_percent

from inference.analysis import Refusal, Risk
from inference.classes import SUSPICIOUS
from inference.drawing.words import translator


def plain_name(label: str, language: str = "en") -> str:
    """A class in plain words, its medical term in brackets."""
    _ = translator(language)
    names = {
        "akiec": _("pre-cancerous rough patch (actinic keratosis, Bowen's disease)"),
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
    """A probability (0..1) as whole per cent, as the language writes it; what is possible never reads as nothing."""
    if 0 < probability < 0.01:
        return f"<{format_percent(0.01, locale=language)}"
    if 0.99 < probability < 1:
        return f">{format_percent(0.99, locale=language)}"
    return str(format_percent(probability, locale=language))


def advice(label: str, risk: Risk, probabilities: Mapping[str, float], language: str = "en") -> str:
    """What to do next, in plain text, after an analysis that has a label."""
    _ = translator(language)
    if risk is Risk.LOW:
        return _("No warning signs found by the model. See a doctor if it changes, bleeds, itches or grows.")
    go = _("Show it to a dermatologist or oncologist soon.")
    # How likely the malignant and pre-malignant classes are together.
    share = percent(min(1.0, sum(probabilities.get(name, 0.0) for name in SUSPICIOUS)), language)
    if label not in SUSPICIOUS:
        because = _("Warning: cancer or a pre-cancer is possible ({share}), even if not the likeliest.")
        return because.format(share=share) + " " + go
    if risk is Risk.HIGH:
        return _("Warning: signs of a skin cancer or pre-cancer ({share}).").format(share=share) + " " + go
    return _("Some warning signs of a pre-cancer ({share}).").format(share=share) + " " + go


def not_a_diagnosis(language: str = "en") -> str:
    """The line every answer ends with."""
    _ = translator(language)
    return _("This is not a diagnosis. If in doubt, see a doctor.")


def refusal_in_words(refusal: Refusal, language: str = "en") -> tuple[str, str]:
    """Why a photo got no class, and how to take a better one."""
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
