"""What normalisation keeps, mends, cuts and refuses."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.text import ForbiddenCharacter, normalise

MARK = "\u0301"
ZWJ, ZWNJ = "\u200d", "\u200c"
# Half of it trouble: marks, joiners, bidirectional controls, Hangul and Indic letters that compose.
TROUBLE = (
    "ae\u00e9\u0301\u0323\u034f\u05b0\u064b\u0e34\u200c\u200d\u202e\u2067\u1100\u1161\u11a8\u09c7\u09be\n\t "
)
TYPED = st.text(st.one_of(st.sampled_from(TROUBLE), st.characters(exclude_categories=["Cc", "Cs"])))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<sober since 2019>",
        "I <3 you",
        "AT&T",
        "Jo <jo@x.org>",
        "two\n\nparagraphs\tand a tab",
        "  spaces stay  ",
        "שלום, مرحبا",
        "👩\u200d👩\u200d👧",
        "می\u200cخواهم",
        "ไม่เป็นไร",
        "½ ﬁ ① stay what they are under NFC",
    ],
)
def test_text_stays_as_typed(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("e\u0301", "é"),
        ("\u212b", "Å"),
        ("\u1100\u1161\u11a8", "각"),
        ("one\r\ntwo", "one\ntwo"),
        ("\r\n\r\n", "\n\n"),
        ("x" + MARK * 4, "x" + MARK * 4),
        ("x" + MARK * 5, "x" + MARK * 4),
        ("x" + MARK * 50 + "b" + MARK * 50, "x" + MARK * 4 + "b" + MARK * 4),
        ("e" + MARK * 50, "é" + MARK * 4),
        ("x" + (ZWJ + MARK) * 6, "x" + (ZWJ + MARK) * 4 + ZWJ * 2),
        ("x" + (ZWNJ + MARK) * 6, "x" + (ZWNJ + MARK) * 4 + ZWNJ * 2),
        (MARK * 9, MARK * 4),
    ],
)
def test_text_is_mended(typed: str, kept: str) -> None:
    assert normalise(typed) == unicodedata.normalize("NFC", kept)


def test_exactly_the_bidirectional_controls_are_removed() -> None:
    controls = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    assert normalise("a" + controls + "b") == "ab"
    neighbours = "\u061b\u200b\u2010\u2065\u206a"
    assert normalise(neighbours) == neighbours


def test_bidirectional_control_does_not_keep_letters_from_composing() -> None:
    assert normalise("e\u202e\u0301") == "é"


CONTROLS = [chr(c) for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) not in "\t\n"]


@pytest.mark.parametrize("bad", [*CONTROLS, "\ud800", "\r\r\n", "\n\r"], ids=ascii)
def test_control_characters_and_lone_surrogates_are_refused(bad: str) -> None:
    with pytest.raises(ForbiddenCharacter):
        normalise(f"before {bad} after")


@given(TYPED)
@settings(max_examples=300, deadline=None)
def test_normalising_twice_is_the_same_as_once(typed: str) -> None:
    once = normalise(typed)
    assert normalise(once) == once


@given(TYPED)
@settings(max_examples=200, deadline=None)
def test_kept_text_is_nfc_with_at_most_four_marks_on_a_base(typed: str) -> None:
    kept = normalise(typed)
    assert unicodedata.is_normalized("NFC", kept)
    run = 0
    for character in kept.replace(ZWJ, "").replace(ZWNJ, ""):
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        assert run <= 4
