"""Staff answer in public: once, at once, marked as staff, counted and audited like any approval."""

from typing import Any

import pytest

from tests.acts import (
    add_comment,
    answer,
    assert_recount,
    close_page,
    comments_stored,
    decide,
    erase,
    everything_stored,
    post_comment,
    publish,
    read_thread,
)
from tests.stack import Stack

KEY: dict[str, Any] = {"idempotency_key": "k"}


def orders(stack: Stack, kind: str = "comment_approved") -> list[str]:
    return [i["subject_id"]["S"] for i in stack.items("OutboxTable") if i["kind"]["S"] == kind]


def test_answer_is_published_at_once_and_marked_as_staff(stack: Stack) -> None:
    parent = publish(stack)
    stack.later(minutes=1)
    reply = answer(stack, parent, "Well done.\n\nCome by.", name="Dr. Ada")
    assert reply.status == 201
    made = reply.json
    assert reply.headers["location"] == f"/v1/staff/comments/{made['id']}"
    assert reply.headers["etag"] == '"1"'
    assert (made["status"], made["staff"], made["parent_id"], made["email"]) == ("approved", True, parent, "")
    assert (made["decided_by"], made["revision"]) == ("token:moderator", 1)
    [_, shown] = read_thread(stack)["comments"]
    assert {name: shown[name] for name in ("id", "parent_id", "name", "text", "staff")} == {
        "id": made["id"],
        "parent_id": parent,
        "name": "Dr. Ada",
        "text": "Well done.\n\nCome by.",
        "staff": True,
    }
    assert shown["html"] == "<p>Well done.</p><p>Come by.</p>"
    assert assert_recount(stack) == [parent, made["id"]]
    assert orders(stack) == [parent, made["id"]] or orders(stack) == [made["id"], parent]


def test_name_is_a_setting_where_none_is_given(stack: Stack) -> None:
    stack.settings |= {"STAFF_NAME": "Riverside team"}
    assert answer(stack, publish(stack)).json["name"] == "Riverside team"


def test_staff_read_it_and_its_history(stack: Stack) -> None:
    made = answer(stack, publish(stack)).json
    path = f"/v1/staff/comments/{made['id']}"
    shown = stack.call("GET", path, role="moderator").json
    assert [(h["action"], h["from"], h["to"], h["actor"]) for h in shown["history"]] == [
        ("reply", None, "approved", "token:moderator"),
        ("read", None, None, "token:moderator"),
    ]
    listed = stack.call("GET", "/v1/staff/comments", role="moderator", query={"status": "approved"}).json
    assert made["id"] in [c["id"] for c in listed["comments"]]


def test_answer_can_be_decided_on_redacted_and_erased_like_any_other(stack: Stack) -> None:
    parent = publish(stack)
    own = answer(stack, parent).json["id"]
    assert decide(stack, own, '"1"', text="We are very glad.").status == 200
    assert decide(stack, own, '"2"', status="rejected").status == 200
    assert assert_recount(stack) == [parent]
    assert decide(stack, own, '"3"', status="approved").status == 200
    assert erase(stack, own).status == 204
    assert assert_recount(stack) == [parent]


def test_visitors_and_staff_can_answer_an_answer(stack: Stack) -> None:
    own = answer(stack, publish(stack)).json["id"]
    publish(stack, parent_id=own, message="Thank you.")
    assert answer(stack, own, "And one more thing.").status == 201
    assert len(assert_recount(stack)) == 4


# ---- what it may answer


@pytest.mark.parametrize("status", ["pending", "rejected", "spam"])
def test_only_a_published_comment_can_be_answered(stack: Stack, status: str) -> None:
    parent = add_comment(stack)
    if status != "pending":
        decide(stack, parent, '"1"', status=status)
    before = everything_stored(stack)
    reply = answer(stack, parent)
    assert (reply.status, reply.json["code"]) == (422, "invalid_fields")
    assert reply.json["errors"][0]["field"] == "parent_id"
    assert everything_stored(stack) == before


@pytest.mark.parametrize("parent", ["c0nothing", "7KQ2M-8XD4T", "edge!example.org", "x" * 65])
def test_nothing_to_answer(stack: Stack, parent: str) -> None:
    publish(stack)
    reply = answer(stack, parent)
    assert (reply.status, reply.json["code"]) == (404, "not_found")


def test_closed_page_takes_answers_of_staff(stack: Stack) -> None:
    parent = publish(stack)
    close_page(stack)
    assert answer(stack, parent).status == 201
    assert post_comment(stack, message="Me too.").status == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": " "},
        {"message": "x" * 5001},
        {"message": "x", "name": ""},
        {"message": "x", "name": "n" * 81},
        {"message": "x", "staff": False},
        {"message": 7},
        {"message": "a\x00b"},
    ],
)
def test_bad_answer_is_refused(stack: Stack, body: dict[str, Any]) -> None:
    path = f"/v1/staff/comments/{publish(stack)}/reply"
    before = everything_stored(stack)
    assert stack.call("POST", path, body, role="moderator").status == 422
    assert everything_stored(stack) == before


# ---- once


@pytest.mark.parametrize("key", [{}, KEY])
@pytest.mark.parametrize("minutes", [0, 9])
def test_same_answer_twice_is_one(stack: Stack, key: dict[str, Any], minutes: int) -> None:
    parent = publish(stack)
    first = answer(stack, parent, **key)
    stack.later(minutes=minutes)
    before = everything_stored(stack)
    again = answer(stack, parent, **key)
    assert (again.status, again.json) == (201, first.json)
    assert everything_stored(stack) == before
    assert orders(stack).count(first.json["id"]) == 1


def test_replay_gets_the_first_answer_though_the_parent_is_rejected_since(stack: Stack) -> None:
    parent = publish(stack)
    first = answer(stack, parent, **KEY)
    decide(stack, parent, '"2"', status="rejected")
    assert answer(stack, parent, **KEY).json == first.json


def test_same_key_with_another_body_is_refused(stack: Stack) -> None:
    parent, other = publish(stack), publish(stack, message="Another.")
    answer(stack, parent, "One.", **KEY)
    stored = comments_stored(stack)
    for reply in (answer(stack, parent, "Two.", **KEY), answer(stack, other, "One.", **KEY)):
        assert (reply.status, reply.json["code"]) == (422, "idempotency_key_reused")
    assert comments_stored(stack) == stored


def test_key_is_its_senders_own(stack: Stack) -> None:
    parent = publish(stack)
    stack.call(
        "POST", "/v1/comments", {"page": "/a", "name": "N", "email": "n@x.example", "message": "m"}, **KEY
    )
    path = f"/v1/staff/comments/{parent}/reply"
    for role in ("moderator", "admin"):
        reply = stack.call("POST", path, {"message": role}, role=role, **KEY)
        assert reply.status == 201
    assert len(assert_recount(stack)) == 3


def test_same_answer_later_is_another(stack: Stack) -> None:
    parent = publish(stack)
    first = answer(stack, parent).json["id"]
    stack.later(minutes=11)
    assert answer(stack, parent).json["id"] != first
    assert answer(stack, parent, idempotency_key="other").json["id"] != first
    assert len(assert_recount(stack)) == 4


def test_rotating_the_hash_secret_makes_no_author_of_staff(stack: Stack) -> None:
    own = answer(stack, publish(stack)).json["id"]
    desk = stack.desk("staff")
    desk.store.comments.reseal(lambda address: f"h2.{address}")
    [item] = [i for i in stack.items("CommentsTable") if i["comment_id"]["S"] == own]
    assert "author_hmac" not in item
