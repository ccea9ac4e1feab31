"""Nothing that a caller sends gives a 5xx."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .stories import (
    COMMENTS,
    ENQUIRIES,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    Auth,
    a_comment,
    an_enquiry,
)

pytestmark = pytest.mark.journey

sweep = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXT = st.text(st.characters(), max_size=40)  # lone surrogates and control characters too
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    *a_comment("/x"),
    *an_enquiry(),
    "parent_id",
    "notify",
    "website",
    "form_token",
    "topic",
    "contact_by",
]
QUERY = st.lists(
    st.tuples(
        st.sampled_from(["page", "limit", "cursor", "order", "status", "topic", "kind"]) | TEXT,
        TEXT | st.integers().map(str),
    ),
    max_size=4,
)


def send(client: httpx.Client, path: str, value: Any) -> None:
    # json.dumps escapes lone surrogates and writes NaN and Infinity, as careless callers do.
    content = json.dumps(value).encode()
    response = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code < 500, response.text


@pytest.mark.parametrize("path", [COMMENTS, ENQUIRIES, f"{COMMENTS}/counts"])
@sweep
@given(value=VALUES)
def test_any_json_is_answered(client: httpx.Client, path: str, value: Any) -> None:
    send(client, path, value)


@pytest.mark.parametrize("path", [COMMENTS, ENQUIRIES])
@sweep
@given(changes=st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=3))
def test_almost_right_json_is_answered(client: httpx.Client, path: str, changes: dict[str, Any]) -> None:
    right = a_comment("/robust") if path == COMMENTS else an_enquiry()
    send(client, path, {**right, **changes})


@sweep
@given(pages=st.lists(TEXT | TEXT.map(lambda text: f"http://127.0.0.1/{text}"), max_size=5))
def test_any_pages_are_counted_or_refused(client: httpx.Client, pages: list[str]) -> None:
    send(client, f"{COMMENTS}/counts", {"pages": pages})


@pytest.mark.parametrize("path", [COMMENTS, "/v1/form", STAFF_COMMENTS, STAFF_ENQUIRIES, "/healthz"])
@sweep
@given(query=QUERY)
def test_any_query_is_answered(
    client: httpx.Client, admin: Auth, path: str, query: list[tuple[str, str]]
) -> None:
    pairs = [
        (name.encode("utf-8", "surrogatepass"), text.encode("utf-8", "surrogatepass")) for name, text in query
    ]
    escaped = "&".join("=".join("".join(f"%{byte:02X}" for byte in part) for part in pair) for pair in pairs)
    response = client.get(f"{path}?{escaped}", headers=admin)
    assert response.status_code < 500, response.text


@pytest.mark.parametrize("path", [COMMENTS, ENQUIRIES])
@sweep
@given(body=st.binary(max_size=200))
def test_any_form_body_is_answered(client: httpx.Client, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post(path, content=body, headers=headers).status_code < 500


@sweep
@given(value=VALUES)
def test_any_decision_is_answered(client: httpx.Client, admin: Auth, value: Any) -> None:
    content = json.dumps(value).encode()
    headers = {**admin, "If-Match": '"1"', "Content-Type": "application/json"}
    patched = client.patch(f"{STAFF_COMMENTS}/x", content=content, headers=headers)
    assert patched.status_code < 500
    posted = client.post("/v1/staff/tokens", content=content, headers=headers)
    assert posted.status_code < 500
