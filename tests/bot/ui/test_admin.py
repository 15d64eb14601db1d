"""What the admins are shown of the models."""

import re

import pytest

from bot.ui.admin import model_card
from bot.ui.i18n import load_i18n
from inference.engine.engine import ServedModel
from inference.registry.registry import Registry

ROLES = {"en": ("class", "outline", "refusal"), "ru": ("класс", "контур", "отказ")}
MEASURED = {
    "en": "Measured on “test” (interval of 95 %):",
    "ru": "Измерено на «test» (95-процентный доверительный интервал):",
}


@pytest.mark.parametrize("language", MEASURED)
def test_a_card_shows_what_a_released_model_was_measured_to_do(language: str) -> None:
    i18n = load_i18n()
    entries = Registry.load().entries
    assert list(entries) == ["classifier", "segmenter", "gate"]
    for (role, entry), word in zip(entries.items(), ROLES[language], strict=True):
        with i18n.context(), i18n.use_locale(language):
            card = model_card(ServedModel(role, entry.name, entry.version, entry.metrics, entry.licence))
        assert card.startswith(f"<b>{entry.title}</b> · {word}")
        assert MEASURED[language] in card and entry.licence in card
        figures = card.partition(MEASURED[language])[2].splitlines()[1 : 1 + len(entry.metrics["test"])]
        for line, (estimate, low, high) in zip(figures, entry.metrics["test"].values(), strict=True):
            assert line.endswith(f": {estimate:.3f} ({low:.3f}–{high:.3f})")
            assert language == "en" or re.search("[а-я]", line)
        assert len({line.partition(":")[0] for line in figures}) == len(figures)
