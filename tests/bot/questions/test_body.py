"""The drawn body: every place that can be tapped has a number on it, and every number can be tapped."""

import io

from PIL import Image

from bot.moles.body import MOLE_BADGES, REGION_BADGES, body_picture
from bot.moles.names import zone_names
from bot.questions.questions import questions
from bot.ui.i18n import load_i18n


def test_buttons_and_picture_have_the_same_numbers() -> None:
    i18n = load_i18n()
    for language, nose in (("en", "3 · nose"), ("ru", "3 · нос")):
        with i18n.context(), i18n.use_locale(language):
            [where] = [each for each in questions() if each.on_body]
            labels = [where.label(place) for place in range(len(where.choices))]
            assert list(zone_names()) == list(MOLE_BADGES)
        numbers = [label.partition(" · ")[0] for label in labels[:-1]]
        assert numbers == [str(number) for number in REGION_BADGES]
        assert labels[2] == nose and "·" not in labels[-1]


def test_the_picture_is_small_and_each_set_has_its_own() -> None:
    moles, regions = body_picture("Front", "Back"), body_picture("Front", "Back", "regions")
    assert moles != regions and max(len(moles), len(regions)) < 50_000
    width, height = Image.open(io.BytesIO(moles)).size
    for badges in (MOLE_BADGES, REGION_BADGES):
        assert all(20 <= x <= width - 20 and 20 <= y <= height - 20 for x, y in badges.values())
        places = list(badges.values())
        # No badge covers another.
        assert all(
            abs(x - other_x) + abs(y - other_y) > 38
            for number, (x, y) in enumerate(places)
            for other_x, other_y in places[:number]
        )
