"""When two submissions are one, and what else decides whether a comment is taken."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acts import (
    COMMENT,
    PAGE_ID,
    add_comment,
    close_page,
    comments_stored,
    everything_stored,
    post_comment,
    post_enquiry,
    publish,
)
from tests.stack import Reply, Stack

# A slot of ten minutes begins at each full ten minutes, one of a day at each midnight (UTC).
BEFORE_BORDER = datetime(2026, 3, 4, 5, 9, 59, 990_000, tzinfo=UTC)
MID_SLOT = datetime(2026, 3, 4, 5, 5, 0, tzinfo=UTC)
SLOT_START = datetime(2026, 3, 4, 5, 10, 0, tzinfo=UTC)
KEY: dict[str, Any] = {"idempotency_key": "k-1"}


def send(stack: Stack, fields: dict[str, Any] | None = None, **headers: Any) -> Reply:
    return stack.call("POST", "/v1/comments", COMMENT | (fields or {}), **headers)


@pytest.mark.parametrize("start", [BEFORE_BORDER, MID_SLOT, SLOT_START])
@pytest.mark.parametrize(
    ("headers", "after", "submissions"),
    [
        ({}, {"minutes": 9, "seconds": 59}, 1),
        ({}, {"minutes": 10}, 2),
        ({}, {"minutes": 10, "seconds": 1}, 2),
        (KEY, {"hours": 23, "minutes": 59}, 1),
        (KEY, {"hours": 24}, 2),
        (KEY, {"hours": 24, "minutes": 1}, 2),
    ],
)
def test_same_comment_is_one_within_its_window_and_two_after(
    stack: Stack, start: datetime, headers: dict[str, Any], after: dict[str, float], submissions: int
) -> None:
    stack.now = start
    first = send(stack, **headers)
    stack.later(**after)
    second = send(stack, **headers)
    assert (first.status, second.status) == (202, 202)
    assert (second.json == first.json) is (submissions == 1)
    assert comments_stored(stack) == submissions
    assert len(stack.items("OutboxTable")) == submissions


def test_comment_that_a_clock_three_seconds_ahead_put_into_the_next_slot_is_found(stack: Stack) -> None:
    stack.now = SLOT_START
    stack.later(seconds=2)
    first = send(stack)
    stack.later(seconds=-3)
    assert send(stack).json == first.json
    assert comments_stored(stack) == 1


def test_third_copy_within_the_window_of_the_first_gets_its_answer_too(stack: Stack) -> None:
    stack.now = MID_SLOT
    answers = []
    for _ in range(4):
        answers.append(send(stack).json)
        stack.later(minutes=3)
    assert answers == [answers[0]] * 4


@pytest.mark.parametrize(
    ("other", "submissions"),
    [
        ({}, 1),
        ({"page": "https://www.example.org/a/index.html?utm=1#x"}, 1),
        ({"parent_id": None, "notify": True}, 1),
        ({"website": "http://spam"}, 1),
        ({"name": "Robin"}, 2),
        ({"email": "wren@visitor.example"}, 2),
        ({"message": "Ninety days today!"}, 2),
        ({"page": "/b"}, 2),
    ],
)
def test_name_email_message_and_page_make_it_the_same(
    stack: Stack, other: dict[str, Any], submissions: int
) -> None:
    send(stack)
    assert send(stack, other).status == 202
    assert comments_stored(stack) == submissions


@pytest.mark.parametrize(
    "other",
    [{"name": "R"}, {"email": "w@visitor.example"}, {"message": "x"}, {"page": "/b"}, {"notify": True}],
)
def test_key_with_another_body_is_refused_and_leaves_nothing(stack: Stack, other: dict[str, Any]) -> None:
    send(stack, **KEY)
    before = everything_stored(stack)
    reply = send(stack, other, **KEY)
    assert (reply.status, reply.json["code"]) == (422, "idempotency_key_reused")
    assert everything_stored(stack) == before


def test_key_makes_two_of_what_would_be_one_without(stack: Stack) -> None:
    assert len({send(stack, **headers).json["id"] for headers in ({}, KEY, {"idempotency_key": "k-2"})}) == 3


def test_one_key_may_serve_a_comment_and_an_enquiry(stack: Stack) -> None:
    assert send(stack, **KEY).status == 202
    body = {"name": "Sam", "email": "sam@visitor.example", "message": "Hello."}
    assert stack.call("POST", "/v1/enquiries", body, **KEY).status == 202


@pytest.mark.parametrize(
    ("other", "submissions"), [({}, 1), ({"phone": "555 0100"}, 2), ({"contact_by": ["text"]}, 2)]
)
def test_enquiry_that_says_more_is_another_one(stack: Stack, other: dict[str, Any], submissions: int) -> None:
    first = post_enquiry(stack)
    assert (post_enquiry(stack, **other).json == first.json) is (submissions == 1)
    assert len(stack.items("EnquiriesTable")) == submissions


@pytest.mark.parametrize("headers", [{}, KEY])
def test_replay_after_the_page_was_closed_gets_its_first_answer(
    stack: Stack, headers: dict[str, Any]
) -> None:
    first = send(stack, **headers)
    close_page(stack)
    assert send(stack, **headers).json == first.json


def test_closed_page_takes_no_new_comment(stack: Stack) -> None:
    close_page(stack)
    before = everything_stored(stack)
    reply = post_comment(stack)
    assert (reply.status, reply.json["code"]) == (409, "page_closed")
    assert everything_stored(stack) == before
    assert post_comment(stack, page="/b").status == 202


def test_published_comment_of_the_page_may_be_answered(stack: Stack) -> None:
    parent = publish(stack)
    answer = add_comment(stack, parent_id=parent, message="Well done.")
    stored = {item["comment_id"]["S"]: item for item in stack.items("CommentsTable")}
    assert stored[answer]["parent_id"]["S"] == parent


@pytest.mark.parametrize(
    "make_parent",
    [
        add_comment,
        lambda stack: publish(stack, page="/b"),
        lambda stack: "c0123456789",
        lambda stack: publish(stack) and f"edge!{PAGE_ID}",
    ],
    ids=["pending", "of another page", "unknown", "the edge of the thread"],
)
def test_only_a_published_comment_of_the_page_may_be_answered(
    stack: Stack, make_parent: Callable[[Stack], str]
) -> None:
    parent = make_parent(stack)
    before = everything_stored(stack)
    reply = post_comment(stack, parent_id=parent, message="Well done.")
    assert reply.status == 422
    assert [(e["field"], e["code"]) for e in reply.json["errors"]] == [("parent_id", "not_published")]
    assert everything_stored(stack) == before


def test_a_parent_that_can_be_none_is_told_with_the_other_fields(stack: Stack) -> None:
    reply = post_comment(stack, parent_id="zzz", name="")
    assert [(e["field"], e["code"]) for e in reply.json["errors"]] == [
        ("name", "required"),
        ("parent_id", "not_published"),
    ]
