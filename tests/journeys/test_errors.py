"""Each line of the contract's error table, through HTTP."""

import json
from typing import Any

import httpx
import pytest

from .stories import (
    COMMENTS,
    ENQUIRIES,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    Auth,
    Json,
    a_comment,
    a_page,
    an_enquiry,
    for_staff,
    patch_comment,
    post_comment,
    problem,
    publish_comment,
    reject,
)

pytestmark = pytest.mark.journey

LIMIT = 32 * 1024
POSTS = [COMMENTS, ENQUIRIES, f"{COMMENTS}/counts"]
AS_JSON = {"Content-Type": "application/json"}
CANARY = "xcanaryx"


def canaries(page: str) -> Json:
    """A comment each of whose fields can be recognised wherever it turns up."""
    return a_comment(page, name=f"n{CANARY}", email=f"e{CANARY}@example.org", message=f"m{CANARY}")


def assert_nothing_is_repeated(response: httpx.Response) -> None:
    assert CANARY not in response.text
    assert CANARY not in str(response.headers)


# ---- 400 malformed


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(f"{CANARY} is not json".encode(), id="not json"),
        pytest.param(f'{{"name": "{CANARY}", "mess'.encode(), id="truncated"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="deep arrays"),
        pytest.param(b'{"name":' * 3_000 + b"1" + b"}" * 3_000, id="deep objects"),
        pytest.param(f'["{CANARY}"]'.encode(), id="an array"),
        pytest.param(f'"{CANARY}"'.encode(), id="a string"),
        pytest.param(b"null", id="null"),
        pytest.param(f'{{"name": "{CANARY}\xff"}}'.encode("latin-1"), id="not utf-8"),
        pytest.param(f'{{"name": "{CANARY}"}}'.encode("utf-16"), id="utf-16"),
    ],
)
def test_malformed_body_is_refused(client: httpx.Client, path: str, body: bytes) -> None:
    response = client.post(path, content=body, headers=AS_JSON)
    problem(response, 400, "malformed")
    assert_nothing_is_repeated(response)


@pytest.mark.parametrize("field", ["name", "email", "message"])
def test_lone_surrogate_is_refused(client: httpx.Client, field: str) -> None:
    # The contract calls it both bad encoding (400) and a refused character (422): either will do.
    body = json.dumps(canaries(a_page()) | {field: f"{CANARY}\ud800"})
    response = client.post(COMMENTS, content=body.encode(), headers=AS_JSON)
    problem(response, *((400, "malformed") if response.status_code == 400 else (422, "invalid_fields")))
    assert_nothing_is_repeated(response)


# ---- 401 and 403


def tampered(auth: Auth) -> str:
    value = auth["Authorization"]
    middle = (len(value) + len("Bearer ")) // 2
    return value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]


@pytest.mark.parametrize("path", [STAFF_COMMENTS, STAFF_ENQUIRIES, "/v1/staff/tokens"])
@pytest.mark.parametrize(
    "kind", ["none", "empty", "no token", "nonsense", "wrong scheme", "bare", "tampered", "jwt"]
)
def test_without_a_valid_credential_staff_routes_answer_401(
    client: httpx.Client, admin: Auth, path: str, kind: str
) -> None:
    token = admin["Authorization"].removeprefix("Bearer ")
    headers = {
        "none": {},
        "empty": {"Authorization": ""},
        "no token": {"Authorization": "Bearer"},
        "nonsense": {"Authorization": f"Bearer {CANARY}"},
        "wrong scheme": {"Authorization": f"Basic {token}"},
        "bare": {"Authorization": token},
        "tampered": {"Authorization": tampered(admin)},
        "jwt": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ."},
    }[kind]
    response = client.get(path, headers=headers)
    problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")  # RFC 9110: a 401 must say how
    assert token not in response.text
    assert_nothing_is_repeated(response)


@pytest.mark.parametrize(
    ("role", "path"),
    [("moderator", STAFF_ENQUIRIES), ("admissions", STAFF_COMMENTS)]
    + [(role, "/v1/staff/tokens") for role in ("moderator", "admissions")],
)
def test_role_that_does_not_suffice_answers_403(
    client: httpx.Client, request: pytest.FixtureRequest, role: str, path: str
) -> None:
    problem(client.get(path, headers=request.getfixturevalue(role)), 403, "forbidden")


# ---- 404 and 405


@pytest.mark.parametrize("path", [f"{STAFF_COMMENTS}/nosuchcomment", f"{STAFF_ENQUIRIES}/NOSUCH99"])
def test_unknown_item_is_not_found(client: httpx.Client, admin: Auth, path: str) -> None:
    problem(client.get(path, headers=admin), 404, "not_found")


def test_unknown_comment_cannot_be_changed(client: httpx.Client, moderator: Auth) -> None:
    problem(patch_comment(client, moderator, "nosuchcomment", 1, status="spam"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", COMMENTS, {"GET", "POST"}),
        ("PATCH", COMMENTS, {"GET", "POST"}),
        ("PUT", ENQUIRIES, {"POST"}),
        ("GET", ENQUIRIES, {"POST"}),
        ("GET", f"{COMMENTS}/counts", {"POST"}),
        ("POST", "/v1/form", {"GET"}),
        ("POST", "/healthz", {"GET"}),
    ],
)
def test_wrong_method_is_told_which_are_allowed(
    client: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    response = client.request(method, path)
    problem(response, 405, "method_not_allowed")
    named = {name.strip() for name in response.headers["allow"].split(",")}
    assert allowed <= named
    assert method not in named


# ---- 409, 412, 428


def test_change_to_the_same_status_is_an_illegal_transition(client: httpx.Client, moderator: Auth) -> None:
    comment_id = publish_comment(client, moderator, a_page())
    revision = for_staff(client, moderator, comment_id)["revision"]
    response = patch_comment(client, moderator, comment_id, revision, status="approved")
    problem(response, 409, "illegal_transition")


def test_stale_revision_changes_nothing(client: httpx.Client, moderator: Auth) -> None:
    comment_id = post_comment(client, a_page())["id"]
    old = for_staff(client, moderator, comment_id)["revision"]
    reject(client, moderator, comment_id)
    problem(patch_comment(client, moderator, comment_id, old, status="approved"), 412, "stale_revision")
    assert for_staff(client, moderator, comment_id)["status"] == "rejected"


def test_change_without_if_match_is_refused(client: httpx.Client, moderator: Auth) -> None:
    comment_id = post_comment(client, a_page())["id"]
    response = client.patch(f"{STAFF_COMMENTS}/{comment_id}", headers=moderator, json={"status": "approved"})
    problem(response, 428, "revision_required")
    assert for_staff(client, moderator, comment_id)["status"] == "pending"


# ---- 413 and 415


@pytest.mark.parametrize("path", POSTS)
def test_json_above_32_kib_is_too_large(client: httpx.Client, path: str) -> None:
    response = client.post(path, content=b"x" * (LIMIT + 1), headers=AS_JSON)
    problem(response, 413, "too_large")


@pytest.mark.parametrize("path", [COMMENTS, ENQUIRIES])
def test_form_above_32_kib_is_too_large(client: httpx.Client, path: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post(path, content=b"x" * (LIMIT + 1), headers=headers).status_code == 413


def test_body_of_32_kib_is_taken(client: httpx.Client) -> None:
    body = json.dumps(a_comment(a_page())).encode().ljust(LIMIT)
    assert client.post(COMMENTS, content=body, headers=AS_JSON).status_code == 202


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "*/*",
        "text/plain",
        "text/plain; application/json",
        "application/jsonp",
        "multipart/form-data",
    ],
)
def test_other_or_missing_content_type_is_refused(
    client: httpx.Client, path: str, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = client.post(path, content=json.dumps(canaries(a_page())).encode(), headers=headers)
    problem(response, 415, "unsupported_media_type")
    assert_nothing_is_repeated(response)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_content_type_may_carry_a_charset_and_any_case(client: httpx.Client, content_type: str) -> None:
    body: Any = json.dumps(an_enquiry())
    response = client.post(ENQUIRIES, content=body, headers={"Content-Type": content_type})
    assert response.status_code == 202, response.text
