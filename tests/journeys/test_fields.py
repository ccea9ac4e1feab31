"""422: the rule of each field, every bad field at once, and nothing repeated."""

import uuid
from typing import Any

import httpx
import pytest

from .stories import (
    COMMENTS,
    ENQUIRIES,
    Auth,
    a_comment,
    a_page,
    an_enquiry,
    bad_fields,
    for_staff,
    patch_comment,
    post_comment,
    publish_comment,
    queue,
    thread,
)

pytestmark = pytest.mark.journey

CANARY = "xcanaryx"
BAD_NAMES = ["", "   ", "x" * 81, 7, None, ["Robin"], "Rob\x00in"]
BAD_EMAILS = [
    "",
    CANARY,
    f"{CANARY}@",
    f"@{CANARY}.org",
    f"Jo <{CANARY}@example.org>",
    f"{CANARY}@nodot",
    f"{CANARY}@example.org\nBcc: all@example.org",
    f"{CANARY}@example.org, other@example.org",
    f"ü{CANARY}@example.org",
    f"{CANARY}@{'x' * 64}.org",
    7,
    None,
]
# A message of nothing that can be seen says nothing; the contract counts after bidi controls are gone.
BAD_MESSAGES = ["", " \n\t ", "\u202e\u2066", 7, None, {"text": CANARY}]
BAD_PAGES = [
    "",
    f"https://{CANARY}.example.org/",
    "javascript:alert(1)",
    "ftp://127.0.0.1/",
    "/" + "x" * 1100,
    7,
    None,
]


def table(**columns: list[Any]) -> list[Any]:
    return [
        pytest.param(field, value, id=f"{field}-{number}")
        for field, values in columns.items()
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    table(
        name=BAD_NAMES,
        email=BAD_EMAILS,
        message=[*BAD_MESSAGES, "x" * 5001],
        page=BAD_PAGES,
        parent_id=[7, ["a"], CANARY],
        notify=["perhaps", 7, {}],
        nickname=[CANARY, None],
    ),
)
def test_bad_comment_field_is_named(client: httpx.Client, field: str, value: Any) -> None:
    response = client.post(COMMENTS, json={**a_comment(a_page()), field: value})
    assert bad_fields(response) == {field}
    assert CANARY not in response.text


@pytest.mark.parametrize(
    ("field", "value"),
    table(
        name=BAD_NAMES,
        email=BAD_EMAILS,
        message=[*BAD_MESSAGES, "x" * 10_001],
        phone=["5" * 41, 5550100, "555\x1b0100"],
        topic=[CANARY, 7],
        contact_by=[["pigeon"], "email", ["email", 7]],
        page=[f"https://{CANARY}.example.org/", 7],
        consent=["perhaps", 7],
        parent_id=[CANARY],
    ),
)
def test_bad_enquiry_field_is_named(client: httpx.Client, field: str, value: Any) -> None:
    response = client.post(ENQUIRIES, json={**an_enquiry(), field: value})
    assert bad_fields(response) == {field}
    assert CANARY not in response.text


@pytest.mark.parametrize("field", ["page", "name", "email", "message"])
def test_missing_comment_field_is_named(client: httpx.Client, field: str) -> None:
    comment = a_comment(a_page())
    del comment[field]
    assert bad_fields(client.post(COMMENTS, json=comment)) == {field}


@pytest.mark.parametrize("field", ["name", "email", "message"])
def test_missing_enquiry_field_is_named(client: httpx.Client, field: str) -> None:
    enquiry = an_enquiry()
    del enquiry[field]
    assert bad_fields(client.post(ENQUIRIES, json=enquiry)) == {field}


def test_every_bad_field_of_a_comment_is_named_at_once(client: httpx.Client) -> None:
    bad = {
        "page": f"https://{CANARY}.example.org/",
        "name": CANARY * 20,
        "email": CANARY,
        "message": CANARY * 1000,
        "notify": CANARY,
        "nickname": CANARY,
    }
    response = client.post(COMMENTS, json=bad)
    assert bad_fields(response) == set(bad)
    assert CANARY not in response.text


def test_every_bad_field_of_an_enquiry_is_named_at_once(client: httpx.Client) -> None:
    bad = {
        "name": "",
        "email": CANARY,
        "message": "",
        "phone": CANARY * 20,
        "topic": CANARY,
        "contact_by": [CANARY],
        "page": f"https://{CANARY}.example.org/",
    }
    response = client.post(ENQUIRIES, json=bad)
    assert bad_fields(response) == set(bad)
    assert CANARY not in response.text


@pytest.mark.parametrize("length", [1, 80])
def test_name_may_have_1_to_80_characters(client: httpx.Client, length: int) -> None:
    post_comment(client, a_page(), name="é" * length)


def test_enquiry_may_have_10_000_characters(client: httpx.Client) -> None:
    assert client.post(ENQUIRIES, json=an_enquiry(message="x" * 10_000)).status_code == 202


# ---- the parent of a reply


def test_reply_to_an_approved_comment_is_taken(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    parent_id = publish_comment(client, moderator, page)
    reply_id = publish_comment(client, moderator, page, message="Same here.", parent_id=parent_id)
    parents = {shown["id"]: shown["parent_id"] for shown in thread(client, page)["comments"]}
    assert parents == {parent_id: None, reply_id: parent_id}


def test_reply_to_an_unpublished_comment_is_refused(client: httpx.Client) -> None:
    page = a_page()
    pending_id = post_comment(client, page)["id"]
    response = client.post(COMMENTS, json=a_comment(page, message="Same here.", parent_id=pending_id))
    assert bad_fields(response) == {"parent_id"}


def test_reply_to_a_comment_of_another_page_is_refused(client: httpx.Client, moderator: Auth) -> None:
    elsewhere = publish_comment(client, moderator, a_page())
    response = client.post(COMMENTS, json=a_comment(a_page(), parent_id=elsewhere))
    assert bad_fields(response) == {"parent_id"}


def test_refused_comment_leaves_nothing_behind(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    client.post(COMMENTS, json=a_comment(page, parent_id=uuid.uuid4().hex))
    client.post(COMMENTS, json=a_comment(page, email="no"))
    assert queue(client, moderator, page=page) == []
    assert queue(client, moderator, page=page, status="spam") == []


# ---- what staff send


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "published"}, "status"),
        ({"status": 7}, "status"),
        ({"status": "approved", "text": "x\x00y"}, "text"),
        ({"status": "approved", "colour": "red"}, "colour"),
    ],
)
def test_bad_decision_is_refused(
    client: httpx.Client, moderator: Auth, change: dict[str, Any], field: str
) -> None:
    comment_id = post_comment(client, a_page())["id"]
    revision = for_staff(client, moderator, comment_id)["revision"]
    assert bad_fields(patch_comment(client, moderator, comment_id, revision, **change)) == {field}
    assert for_staff(client, moderator, comment_id)["status"] == "pending"
