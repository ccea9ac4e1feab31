"""What is typed comes back exactly; what must not come in does not; html is paragraphs and breaks."""

import html
import re
from typing import Any

import httpx
import pytest

from .stories import (
    COMMENTS,
    ENQUIRIES,
    Auth,
    Json,
    a_comment,
    a_page,
    an_enquiry,
    approve,
    bad_fields,
    for_staff,
    only_comment,
    post_comment,
    post_enquiry,
    publish_comment,
)

pytestmark = pytest.mark.journey

CONTROLS = ["\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\x80", "\x9b"]
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
FAMILY = "\U0001f469\u200d\U0001f467"
PERSIAN = "می\u200cخواهم"


def published(client: httpx.Client, moderator: Auth, message: str) -> Json:
    page = a_page()
    publish_comment(client, moderator, page, message=message)
    return only_comment(client, page)


def assert_html_is_safe_and_says_the_same(shown: Json) -> None:
    bare = re.sub(r"</?p>|<br ?/?>", " ", shown["html"])
    assert not re.search(r"[<>]", bare)
    assert html.unescape(bare).split() == shown["text"].split()


@pytest.mark.parametrize(
    "message",
    [
        "<sober since 2019>",
        "I <3 you",
        "AT&T",
        "Jo <jo@x.org>",
        "&lt;b&gt; &amp;amp; &#60;",
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "<p>mine</p><br>",
        "</p></div><!-- comment --><![CDATA[x]]>",
        "  leading and trailing  ",
        "one\ttab",
        "two\nlines",
        "three\n\nparagraphs\n\n\n\nand a gap",
        "\n\nblank lines around\n\n",
        'it\'s "quoted" `so` \\n \\u0041 %41 {{ 7*7 }} ${7}',
        "\U0001f600 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd",
        f"{FAMILY} {PERSIAN}",
        "שלום עולם, مرحبا",
        "日本語のコメント。",
        "NULL undefined None true 0",
        "https://example.org/a?b=c&d=e",
    ],
)
def test_text_comes_back_as_typed(client: httpx.Client, moderator: Auth, message: str) -> None:
    shown = published(client, moderator, message)
    assert shown["text"] == message
    assert_html_is_safe_and_says_the_same(shown)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("cafe\u0301", "caf\u00e9", id="NFC"),
        pytest.param("\u212b", "\u00c5", id="NFC of a singleton"),
        pytest.param("\ufb01ne", "\ufb01ne", id="not NFKC"),
        pytest.param(f"a{BIDI}b", "ab", id="bidi controls go"),
        pytest.param("q" + "\u0301" * 4, "q" + "\u0301" * 4, id="4 marks stay"),
        pytest.param("q" + "\u0301" * 5 + "u", "q" + "\u0301" * 4 + "u", id="the fifth mark goes"),
        pytest.param("q" + "\u0336" * 500 + "u", "q" + "\u0336" * 4 + "u", id="500 marks"),
    ],
)
def test_text_is_normalised(client: httpx.Client, moderator: Auth, typed: str, kept: str) -> None:
    shown = published(client, moderator, typed)
    assert shown["text"] == kept
    assert_html_is_safe_and_says_the_same(shown)


def test_name_is_normalised_and_comes_back_as_typed(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    publish_comment(client, moderator, page, name=f"Zoe\u0308 <3 \u202e{PERSIAN}")
    assert only_comment(client, page)["name"] == f"Zo\u00eb <3 {PERSIAN}"


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
@pytest.mark.parametrize("field", ["name", "email", "message", "page"])
def test_control_characters_are_refused_in_a_comment(client: httpx.Client, field: str, control: str) -> None:
    page = a_page()
    comment = a_comment(page)
    comment[field] = f"{comment[field][:3]}{control}{comment[field][3:]}"
    assert bad_fields(client.post(COMMENTS, json=comment)) == {field}


@pytest.mark.parametrize("field", ["name", "message", "phone"])
def test_control_characters_are_refused_in_an_enquiry(client: httpx.Client, field: str) -> None:
    response = client.post(ENQUIRIES, json=an_enquiry(**{field: "12\x0034"}))
    assert bad_fields(response) == {field}


def test_length_counts_code_points_not_bytes(client: httpx.Client, moderator: Auth) -> None:
    shown = published(client, moderator, "\U0001f600" * 5000)
    assert shown["text"] == "\U0001f600" * 5000
    too_long = client.post(COMMENTS, json=a_comment(a_page(), message="\U0001f600" * 5001))
    assert bad_fields(too_long) == {"message"}


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("e\u0301" * 5000, id="composed"),
        pytest.param("x" * 5000 + "\u202e" * 10, id="controls removed"),
        pytest.param("x" * 4996 + "\u0336" * 10, id="marks cut"),
    ],
)
def test_length_counts_after_normalisation(client: httpx.Client, typed: str) -> None:
    post_comment(client, a_page(), message=typed)


def test_line_breaks_of_a_form_become_newlines(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    form: dict[str, Any] = {**a_comment(page), "message": "one\r\ntwo\r\n\r\nthree"}
    assert client.post(COMMENTS, data=form).status_code == 200
    listed = client.get("/v1/staff/comments", headers=moderator, params={"page": page}).json()["comments"]
    approve(client, moderator, listed[0]["id"])
    shown = only_comment(client, page)
    assert shown["text"] == "one\ntwo\n\nthree"
    assert_html_is_safe_and_says_the_same(shown)


def test_paragraphs_and_line_breaks_are_seen_in_html(client: httpx.Client, moderator: Auth) -> None:
    shown = published(client, moderator, "one\ntwo\n\nthree")
    assert len(re.findall(r"<p>", shown["html"])) == 2
    assert len(re.findall(r"<br ?/?>", shown["html"])) == 1


def test_staff_read_the_text_as_the_visitor_typed_it(client: httpx.Client, moderator: Auth) -> None:
    comment_id = post_comment(client, a_page(), message="I <3 you & AT&T")["id"]
    read = for_staff(client, moderator, comment_id)
    assert read["text"] == read["original_text"] == "I <3 you & AT&T"


def test_enquiry_comes_back_as_typed(client: httpx.Client, admissions: Auth) -> None:
    message = f"  <sober since 2019>\n\n\tAT&T {FAMILY} "
    reference = post_enquiry(client, message=message)["reference"]
    read = client.get(f"/v1/staff/enquiries/{reference}", headers=admissions).json()
    assert read["message"] == message
