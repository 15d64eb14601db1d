"""The languages in which the bot speaks."""

from collections.abc import Iterator

import pytest

from bot.ui.i18n import LANGUAGES, load_i18n


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Speaks each language in turn."""
    i18n = load_i18n()
    with i18n.context(), i18n.use_locale(request.param):
        yield request.param


@pytest.fixture
def english() -> Iterator[None]:
    i18n = load_i18n()
    with i18n.context(), i18n.use_locale("en"):
        yield
