"""What the admins are shown of the models."""

import pytest
from aiogram.utils.i18n import I18n

from bot.figures import model_card
from bot.i18n import load_translations
from inference.engine import ServedModel
from inference.registry import Registry

MEASURED = {"en": "Measured on “test” (interval of 95 %):", "ru": "Измерено на «test» (95-процентный интервал):"}


@pytest.mark.parametrize("language", MEASURED)
def test_a_card_shows_what_a_released_model_was_measured_to_do(language: str, compiled_translations: None) -> None:
    i18n: I18n = load_translations()
    entries = Registry.load().entries
    assert list(entries) == ["classifier", "segmenter", "gate"]
    for role, entry in entries.items():
        with i18n.context(), i18n.use_locale(language):
            card = model_card(ServedModel(role, entry.name, entry.version, entry.metrics, entry.licence))
        assert card.startswith(f"<b>{entry.title}</b> · {role}")
        assert MEASURED[language] in card and entry.licence in card
        for name, (estimate, low, high) in entry.metrics["test"].items():
            assert f"{name.replace('_', ' ')}: {estimate:.3f} ({low:.3f}–{high:.3f})" in card
