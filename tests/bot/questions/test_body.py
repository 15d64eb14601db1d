"""The drawn body: every place that can be tapped has a number on it, and every number can be tapped."""

import io

import pytest
from PIL import Image

from bot.questions.questions import questions
from bot.ui.i18n import load_i18n
from inference.drawing.body import bare_body, body_picture
from inference.drawing.places import MOLE_BADGES, REGION_BADGES, place_names, place_of


def test_buttons_and_picture_have_the_same_numbers() -> None:
    i18n = load_i18n()
    for language, nose in (("en", "3 · nose"), ("ru", "3 · нос")):
        with i18n.context(), i18n.use_locale(language):
            [where] = [each for each in questions() if each.on_body]
            labels = [where.label(place) for place in range(len(where.choices))]
            assert list(place_names(language)) == list(MOLE_BADGES)
        numbers = [label.partition(" · ")[0] for label in labels[:-1]]
        assert numbers == [str(number) for number in REGION_BADGES]
        assert labels[2] == nose and "·" not in labels[-1]


def test_the_picture_is_small_and_each_set_has_its_own() -> None:
    moles, regions = body_picture("en"), body_picture("en", "regions")
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


def test_a_body_without_numbers_is_transparent_around_it() -> None:
    with Image.open(io.BytesIO(bare_body())) as picture, Image.open(io.BytesIO(body_picture("en"))) as numbered:
        assert picture.size == numbered.size and len(bare_body()) < 50_000
        bare = picture.convert("RGBA")
    assert bare.getpixel((2, 2))[3] == 0
    # The skin under a number, and none of the number's own blue.
    red, _, blue, alpha = bare.getpixel(MOLE_BADGES[3])
    assert alpha == 255 and red > blue


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("right arm", 5),
        ("Right arm, by the elbow", 5),
        ("правая рука 2", 5),
        ("лицо", 1),
        ("ear", 19),
        ("early one", None),
        ("back of the head", 9),
        ("mole of 3 May 2026", None),
        ("", None),
    ],
)
def test_a_mole_is_where_its_name_says(name: str, place: int | None) -> None:
    assert place_of(name) == place
