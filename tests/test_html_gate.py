"""What the gate lets through: the text's own characters, in paragraphs and line breaks, nothing else."""

import re
from html.parser import HTMLParser

import bleach
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.html_gate import pass_gate, to_html

TRICKY = st.sampled_from(
    [
        *("<", ">", "&", '"', "'", "`", "\n", "\t", " ", ";", "#", "&lt;", "&#60;", "&nbsp", "<p>", "</p>"),
        *("<br>", "<!--", "]]>", "<script>", "javascript:", "\u2028", "\ufffe", "\ufdd0", "a", "é"),
        "👩\u200d👧",
    ]
)
TEXTS = st.one_of(
    st.lists(TRICKY).map("".join), st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n"))
)


class Reader(HTMLParser):
    """Reads HTML as a browser would: every tag with its attributes, and every character between tags."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[object] = []
        self.others: list[str] = []
        self.characters = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.characters += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one", "<p>one</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("one\n \t\n\n\ntwo", "<p>one</p><p>two</p>"),
        ("\n\none\n\n", "<p>one</p>"),
        ("", ""),
        ("<sober since 2019>", "<p>&lt;sober since 2019&gt;</p>"),
        ("I <3 you", "<p>I &lt;3 you</p>"),
        ("AT&T", "<p>AT&amp;T</p>"),
        ("AT&amp;T", "<p>AT&amp;amp;T</p>"),
        ("<p onclick=x>", "<p>&lt;p onclick=x&gt;</p>"),
        ("<br>", "<p>&lt;br&gt;</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("https://x.org is no link", "<p>https://x.org is no link</p>"),
    ],
)
def test_text_becomes_paragraphs_and_line_breaks(text: str, html: str) -> None:
    assert to_html(text) == html


@given(TEXTS)
@example("&lt;script&gt;")
@example("<scr<script>ipt>")
@settings(max_examples=300, deadline=None)
def test_html_has_no_markup_but_p_and_br(text: str) -> None:
    read = Reader(to_html(text))
    assert read.tags <= {"p", "br"}
    assert read.attributes == []
    assert read.others == []


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_html_shows_the_characters_that_were_typed(text: str) -> None:
    shown = Reader(to_html(text)).characters
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@given(TEXTS)
@settings(deadline=None)
def test_what_passes_unparsed_is_what_bleach_would_give_back(text: str) -> None:
    html = to_html(text)
    assert bleach.clean(html, tags={"p", "br"}, attributes={}) == html


@pytest.mark.parametrize(
    ("html", "harmless"),
    [
        ("<p>a</p><script>alert(1)</script>", "<p>a</p>&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ("<p>a<img src=x onerror=y></p>", "<p>a&lt;img src=x onerror=y&gt;</p>"),
        ('<a href="https://x.example">a</a>', '&lt;a href="https://x.example"&gt;a&lt;/a&gt;'),
        ("<p>a &copy b</p>", "<p>a &amp;copy b</p>"),
        ("<p>a", "<p>a</p>"),
    ],
)
def test_whatever_else_comes_to_the_gate_is_made_harmless(html: str, harmless: str) -> None:
    """Nothing of ours makes such HTML: this is for the day on which something does."""
    assert pass_gate(html) == harmless
