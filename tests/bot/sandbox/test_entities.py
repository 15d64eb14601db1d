"""Telegram's HTML and entities."""

from html import escape

import pytest
from aiogram.types import MessageEntity
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.entities import format_text, utf16_length
from bot.sandbox.errors import ApiError


def spans(text: str, mode: str | None = "HTML") -> list[tuple[str, str]]:
    """Each entity as its kind and the words it covers."""
    plain, entities = format_text(text, mode, None)
    return [(entity.type, entity.extract_from(plain)) for entity in entities]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<b>a</b><strong>b</strong>", [("bold", "a"), ("bold", "b")]),
        ("<i>a</i><em>b</em>", [("italic", "a"), ("italic", "b")]),
        ("<u>a</u><ins>b</ins>", [("underline", "a"), ("underline", "b")]),
        ("<s>a</s><del>b</del><strike>c</strike>", [("strikethrough", each) for each in "abc"]),
        ('<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>', [("spoiler", "a"), ("spoiler", "b")]),
        ("<code>a</code><pre>b</pre>", [("code", "a"), ("pre", "b")]),
        ("<blockquote>a</blockquote>", [("blockquote", "a")]),
        ("<blockquote expandable>a</blockquote>", [("expandable_blockquote", "a")]),
        ("<b>a <i>b</i></b>", [("bold", "a b"), ("italic", "b")]),
        ("<B>a</B>", [("bold", "a")]),
        ("<b></b>a", []),
        ("🙂🙂 <b>é</b>", [("bold", "é")]),
    ],
)
def test_html_becomes_entities(source: str, expected: list[tuple[str, str]]) -> None:
    assert spans(source) == expected


def test_offsets_are_utf16_units() -> None:
    _, (entity,) = format_text("🙂<b>x</b>", "HTML", None)
    assert (entity.offset, entity.length) == (2, 1)


def test_a_link_keeps_its_address() -> None:
    plain, (entity,) = format_text('<a href="https://a.example/?x=1&amp;y=2">here</a>', "html", None)
    assert (plain, entity.type, entity.url) == ("here", "text_link", "https://a.example/?x=1&y=2")


def test_a_code_block_keeps_its_language() -> None:
    plain, (entity,) = format_text('<pre><code class="language-python">x = 1</code></pre>', "HTML", None)
    assert (plain, entity.type, entity.language) == ("x = 1", "pre", "python")


def test_a_time_keeps_its_seconds_and_its_format() -> None:
    plain, (entity,) = format_text('<tg-time unix="1767225600" format="Dt">soon</tg-time>', "HTML", None)
    assert (plain, entity.type, entity.unix_time, entity.date_time_format) == ("soon", "date_time", 1767225600, "Dt")


@pytest.mark.parametrize("format", ["", "r", "w", "wDT", "dt", "t"])
def test_every_format_of_a_time_is_taken(format: str) -> None:
    entity = MessageEntity(type="date_time", offset=0, length=1, unix_time=0, date_time_format=format)
    assert format_text("x", None, [entity])[1] == [entity]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"date_time_format": "D"}, 'Can\'t find field "unix_time"'),
        ({"unix_time": 0, "date_time_format": "rD"}, "invalid date-time format"),
        ({"unix_time": 0, "date_time_format": "Dw"}, "invalid date-time format"),
    ],
)
def test_a_time_without_seconds_or_in_another_format_is_refused(fields: dict[str, object], complaint: str) -> None:
    entity = MessageEntity.model_validate({"type": "date_time", "offset": 0, "length": 1, **fields})
    with pytest.raises(ApiError, match=complaint):
        format_text("x", None, [entity])


def test_only_known_references_are_read() -> None:
    assert format_text("&lt;b&gt; &amp; &quot; &#33; &nbsp;", "HTML", None)[0] == '<b> & " ! &nbsp;'


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("<tg-time>a</tg-time>", 'Tag "tg-time" must have a valid attribute "unix" at byte offset 0'),
        ("é<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_bad_markup_is_refused_in_telegrams_words(source: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refusal:
        format_text(source, "HTML", None)
    assert refusal.value.code == 400
    assert refusal.value.description == f"Bad Request: can't parse entities: {complaint}"


def test_another_parse_mode_is_refused() -> None:
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        format_text("a", "BBCode", None)


@pytest.mark.parametrize(("offset", "length"), [(-1, 2), (0, 0), (0, 4), (3, 1)])
def test_an_entity_outside_the_text_is_refused(offset: int, length: int) -> None:
    with pytest.raises(ApiError, match="ENTITY_BOUNDS_INVALID"):
        format_text("abc", None, [MessageEntity(type="bold", offset=offset, length=length)])


def test_an_unknown_entity_is_refused() -> None:
    with pytest.raises(ApiError, match="Unknown entity type"):
        format_text("abc", None, [MessageEntity(type="blink", offset=0, length=1)])


def test_white_space_around_the_text_goes_and_entities_follow() -> None:
    plain, entities = format_text(" \n<b> a</b> ", "HTML", None)
    assert plain == "a"
    assert [(each.offset, each.length) for each in entities] == [(0, 1)]


def test_commands_links_and_addresses_are_recognised() -> None:
    text = "/start me, see https://a.example/x. or write to a@b.example; 1/2 is no command, #tag @somebody"
    assert spans(text, None) == [
        ("bot_command", "/start"),
        ("url", "https://a.example/x"),
        ("email", "a@b.example"),
        ("hashtag", "#tag"),
        ("mention", "@somebody"),
    ]


def test_nothing_is_recognised_inside_code() -> None:
    assert spans("<code>/start</code>") == [("code", "/start")]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    plain, entities = format_text(f"<b>{escape(text, quote=False)}</b>", "HTML", None)
    assert plain == text.strip()
    assert all(entity.offset + entity.length <= utf16_length(plain) for entity in entities)
