"""Staff tokens, and the tokens of the forms."""

from datetime import UTC, datetime

import httpx
import pytest

from .stories import (
    COMMENTS,
    RFC3339_UTC,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    STAFF_TOKENS,
    Auth,
    Json,
    a_comment,
    a_page,
    answer,
    bad_fields,
    post_comment,
    problem,
    queue,
    until,
    walk,
)

pytestmark = pytest.mark.journey


def make_token(client: httpx.Client, admin: Auth, role: str) -> Json:
    # The contract leaves these two shapes open: a token has a name for people, a role, and its secret once.
    response = client.post(STAFF_TOKENS, headers=admin, json={"name": "For a test", "role": role})
    assert response.status_code == 201, response.text
    return answer(response)


def bearer(made: Json) -> Auth:
    return {"Authorization": f"Bearer {made['secret']}"}


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [("moderator", STAFF_COMMENTS, STAFF_ENQUIRIES), ("admissions", STAFF_ENQUIRIES, STAFF_COMMENTS)],
)
def test_new_token_opens_what_its_role_may(
    client: httpx.Client, admin: Auth, role: str, may: str, may_not: str
) -> None:
    auth = bearer(make_token(client, admin, role))
    assert client.get(may, headers=auth).status_code == 200
    problem(client.get(may_not, headers=auth), 403, "forbidden")
    problem(client.get(STAFF_TOKENS, headers=auth), 403, "forbidden")


def test_revoked_token_opens_nothing(client: httpx.Client, admin: Auth) -> None:
    made = make_token(client, admin, "moderator")
    assert client.get(STAFF_COMMENTS, headers=bearer(made)).status_code == 200
    deleted = client.delete(f"{STAFF_TOKENS}/{made['id']}", headers=admin)
    assert deleted.status_code in {200, 204}, deleted.text
    # An authorizer's answer may be kept for a moment: the design gives a revocation 60 s.
    until(lambda: client.get(STAFF_COMMENTS, headers=bearer(made)).status_code == 401, seconds=60)
    problem(client.get(STAFF_COMMENTS, headers=bearer(made)), 401, "unauthenticated")
    assert client.get(STAFF_COMMENTS, headers=admin).status_code == 200


def test_secret_is_shown_once_and_never_in_the_list(client: httpx.Client, admin: Auth) -> None:
    made = make_token(client, admin, "moderator")
    assert len(made["secret"]) >= 43  # 256 bits in base64
    listed = [item for page in walk(client, STAFF_TOKENS, "tokens", admin) for item in page["tokens"]]
    (mine,) = [item for item in listed if item["id"] == made["id"]]
    assert mine["role"] == "moderator"
    assert made["secret"] not in str(listed)
    for auth in (admin, bearer(made)):
        assert auth["Authorization"].removeprefix("Bearer ") not in str(listed)
    assert "hash" not in str(list(mine)).lower()


@pytest.mark.parametrize("role", ["owner", "", 7, None])
def test_token_of_an_unknown_role_is_refused(client: httpx.Client, admin: Auth, role: object) -> None:
    response = client.post(STAFF_TOKENS, headers=admin, json={"name": "For a test", "role": role})
    assert bad_fields(response) == {"role"}


def test_revoking_an_unknown_token_is_not_found(client: httpx.Client, admin: Auth) -> None:
    problem(client.delete(f"{STAFF_TOKENS}/nosuchtoken", headers=admin), 404, "not_found")


# ---- the tokens of the forms


@pytest.mark.parametrize("kind", ["comment", "enquiry"])
def test_form_token_expires_in_the_future_and_is_not_cached(client: httpx.Client, kind: str) -> None:
    response = client.get("/v1/form", params={"kind": kind})
    assert response.status_code == 200
    given = answer(response)
    assert set(given) == {"form_token", "expires_at", "help"}
    assert given["form_token"]
    assert RFC3339_UTC.fullmatch(given["expires_at"])
    assert datetime.fromisoformat(given["expires_at"]) > datetime.now(UTC)
    assert "no-store" in response.headers["cache-control"]


def test_form_token_of_an_unknown_kind_is_refused(client: httpx.Client) -> None:
    assert bad_fields(client.get("/v1/form", params={"kind": "petition"})) == {"kind"}


def test_comment_without_a_form_token_is_suspect_and_says_so_to_staff(
    client: httpx.Client, moderator: Auth
) -> None:
    page = a_page()
    post_comment(client, page)
    (item,) = queue(client, moderator, page=page)
    reasons = " ".join(f"{reason['code']} {reason['text']}" for reason in item["reasons"]).lower()
    assert "token" in reasons or "form" in reasons


@pytest.mark.parametrize("token", ["", "nonsense", "é", "a.b.c", "A" * 400], ids=ascii)
def test_comment_with_a_bad_form_token_is_suspect_not_refused(
    client: httpx.Client, moderator: Auth, token: str
) -> None:
    page = a_page()
    post_comment(client, page, form_token=token)
    (item,) = queue(client, moderator, page=page)
    assert item["reasons"]


def test_suspect_comment_gets_the_same_answer(client: httpx.Client) -> None:
    token = client.get("/v1/form", params={"kind": "comment"}).json()["form_token"]
    good = client.post(COMMENTS, json=a_comment(a_page(), form_token=token))
    bad = client.post(COMMENTS, json=a_comment(a_page(), form_token=f"{token}x"))
    assert (good.status_code, bad.status_code) == (202, 202)
    assert {**good.json(), "id": ""} == {**bad.json(), "id": ""}
