"""What a request is read as: body, content type, key, revisions."""

from base64 import b64encode
from typing import Any

import pytest

from chalicelib.api.requests import MAX_BODY_BYTES, Request
from chalicelib.errors import (
    InvalidFields,
    Malformed,
    RevisionRequired,
    StaleRevision,
    TooLarge,
    UnsupportedMediaType,
)

JSON = "application/json"


def request(body: Any = None, **headers: str) -> Request:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request({"headers": sent, "body": body, "requestContext": {}})


@pytest.mark.parametrize(
    ("if_match", "revisions"),
    [
        ('"1"', {1}),
        (' "12" ', {12}),
        ('"1", "2"', {1, 2}),
        ('"1","x",W/"3"', {1}),
        ("*", None),
        (" * ", None),
    ],
)
def test_if_match_names_revisions(if_match: str, revisions: set[int] | None) -> None:
    assert request(If_Match=if_match).seen_revisions() == revisions


@pytest.mark.parametrize(
    "if_match",
    ["1", 'W/"1"', "", '""', '"one"', "'1'", '"1', '"-1"', '"1.0"', '"٣"', '"' + "9" * 19 + '"', "**"],
)
def test_if_match_that_names_no_revision_is_stale(if_match: str) -> None:
    with pytest.raises(StaleRevision):
        request(If_Match=if_match).seen_revisions()


def test_missing_if_match_is_required() -> None:
    with pytest.raises(RevisionRequired):
        request().seen_revisions()


@pytest.mark.parametrize("key", ["k", "!~", "a" * 255, '"quoted"', "8e03978e-40d5-43e8-bc93-6894a57f9324"])
def test_key_of_visible_ascii_is_taken(key: str) -> None:
    assert request(IDEMPOTENCY_KEY=key).idempotency_key() == key


@pytest.mark.parametrize("key", ["", " ", "a b", "a\t", "a\n", "é", "\x7f", "a" * 256, "k\u200b"])
def test_odd_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        request(Idempotency_Key=key).idempotency_key()
    [problem] = refused.value.problems
    assert (problem.field, problem.code) == ("Idempotency-Key", "not_visible_ascii")
    assert not key.strip() or key not in problem.message or len(key) < 3


def test_missing_key_is_none() -> None:
    assert request().idempotency_key() is None


@pytest.mark.parametrize(
    "content_type",
    [JSON, "Application/JSON", f"{JSON};charset=utf-8", f'{JSON} ; charset="UTF-8"', f"{JSON};x=y"],
)
def test_json_is_taken_under_each_spelling_of_its_type(content_type: str) -> None:
    assert request("{}", content_type=content_type).json_object() == {}


@pytest.mark.parametrize(
    "content_type",
    ["", "*/*", "text/plain", "text/json", f"text/plain; {JSON}", f"{JSON}x", f"{JSON};charset=latin-1"],
)
def test_other_content_types_are_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        request("{}", content_type=content_type).json_object()


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "1",
        "{}{}",
        "\ufeff{}",
        '{"a": NaN}',
        '{"a": -Infinity}',
        "[" * 30_000,
        '{"a":' * 5_000,
        '{"a": ' + "1" * 5_000 + "}",
        "\ud800",
        "{\"a\": 'b'}",
        '{"a": "tab\t"}',
    ],
    ids=lambda body: ascii(body)[:20],
)
def test_what_is_no_json_object_is_malformed(body: str | None) -> None:
    with pytest.raises(Malformed):
        request(body, content_type=JSON).json_object()


def test_body_in_another_encoding_is_malformed() -> None:
    event = {"headers": {"content-type": JSON}, "isBase64Encoded": True, "requestContext": {}}
    latin = b64encode('{"a": "é"}'.encode("latin-1")).decode()
    with pytest.raises(Malformed):
        Request({**event, "body": latin}).json_object()


def _sized(size: int, letter: str) -> str:
    return letter * (size // len(letter.encode()))


@pytest.mark.parametrize("letter", ["a", "é", "👩"])
@pytest.mark.parametrize("encoded", [False, True])
def test_32_kib_is_counted_in_bytes(letter: str, encoded: bool) -> None:
    def body_of(size: int) -> bytes:
        text = _sized(size, letter)
        body = b64encode(text.encode()).decode() if encoded else text
        return Request({"headers": {}, "body": body, "isBase64Encoded": encoded, "requestContext": {}}).body

    assert len(body_of(MAX_BODY_BYTES)) == MAX_BODY_BYTES
    for size in (MAX_BODY_BYTES + 4, MAX_BODY_BYTES * 10):
        with pytest.raises(TooLarge):
            body_of(size)


@pytest.mark.parametrize(
    "body", ["a=%ff", "&".join(f"a{n}=1" for n in range(300))], ids=["bad bytes", "many"]
)
def test_bad_form_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        request(body).form_fields()


def test_form_keeps_each_value_in_order() -> None:
    fields = request("a=1&b=&a=%C3%A9+x&c").form_fields()
    assert fields == {"a": ["1", "é x"], "b": [""], "c": [""]}
