"""What a request costs: counted at botocore's own events, one for each call that is made."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.acts import COMMENT, ENQUIRY, add_comment, post_enquiry, publish
from tests.stack import Reply, Stack

Calls = list[tuple[str, dict[str, Any]]]


@contextmanager
def watched(stack: Stack, function: str) -> Iterator[Calls]:
    calls: Calls = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        calls.append((model.name, json.loads(params["body"])))

    events = stack.desk(function).store.database._client.meta.events
    events.register("before-call.dynamodb", note)
    yield calls
    events.unregister("before-call.dynamodb", note)


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
@pytest.mark.parametrize("parent", [False, True])
def test_comment_is_one_transaction_of_three_written_items(
    stack: Stack, key: dict[str, Any], parent: bool
) -> None:
    more = {"parent_id": publish(stack, message="First.")} if parent else {}
    with watched(stack, "public") as calls:
        assert stack.call("POST", "/v1/comments", COMMENT | more, **key).status == 202
    assert_one_transaction(calls, {"comments", "outbox", "guard"}, stack)


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
def test_enquiry_is_one_transaction_of_three_written_items(stack: Stack, key: dict[str, Any]) -> None:
    with watched(stack, "public") as calls:
        assert stack.call("POST", "/v1/enquiries", ENQUIRY, **key).status == 202
    assert_one_transaction(calls, {"enquiries", "outbox", "guard"}, stack)


def assert_one_transaction(calls: Calls, written: set[str], stack: Stack) -> None:
    assert [name for name, _ in calls] == ["TransactWriteItems"]
    actions = [next(iter(item.items())) for item in calls[0][1]["TransactItems"]]
    writing = [
        action["TableName"].removeprefix(f"{stack.name}-")
        for kind, action in actions
        if kind != "ConditionCheck"
    ]
    assert sorted(writing) == sorted(written)


def test_refused_submission_costs_no_round_trip(stack: Stack) -> None:
    with watched(stack, "public") as calls:
        assert stack.call("POST", "/v1/comments", COMMENT | {"email": "x"}).status == 422
    assert calls == []


LISTS: list[tuple[str, str, dict[str, Any]]] = [
    ("public", "/v1/comments", {"query": {"page": "/a"}}),
    ("public", "/v1/comments", {"query": {"page": "/a", "order": "newest", "limit": "1"}}),
    ("public", "/v1/comments", {"query": {"page": "/nothing-here"}}),
    ("public", "/v1/comments.atom", {"query": {"page": "/a"}}),
    ("staff", "/v1/staff/comments", {"role": "moderator"}),
    ("staff", "/v1/staff/comments", {"role": "moderator", "query": {"page": "/a", "status": "approved"}}),
    ("staff", "/v1/staff/enquiries", {"role": "admissions"}),
    ("staff", "/v1/staff/enquiries", {"role": "admissions", "query": {"topic": "admissions"}}),
]


@pytest.mark.parametrize(("function", "path", "how"), LISTS)
def test_list_is_one_query(stack: Stack, function: str, path: str, how: dict[str, Any]) -> None:
    for n in range(3):
        publish(stack, message=f"{n}")
    add_comment(stack)
    post_enquiry(stack)
    with watched(stack, function) as calls:
        assert stack.call("GET", path, **how).status == 200
    # For staff, the audit entry about the reading besides: the chain's last one read, the next one put.
    audited = ["Query", "TransactWriteItems"] if function == "staff" else []
    assert [name for name, _ in calls] == ["Query", *audited]


def test_counts_of_a_hundred_pages_are_one_batch(stack: Stack) -> None:
    publish(stack)
    pages = ["/a", "/a/", *(f"/{n}" for n in range(98))]
    with watched(stack, "public") as calls:
        counts = stack.call("POST", "/v1/comments/counts", {"pages": pages}).json["counts"]
    assert [name for name, _ in calls] == ["BatchGetItem"]
    assert counts == {"/a": 1, "/a/": 1, **{f"/{n}": 0 for n in range(98)}}


DECISIONS: list[tuple[Callable[[Stack], str], str, dict[str, Any], list[str]]] = [
    (
        add_comment,
        '"1"',
        {"status": "approved"},
        ["audit", "comments", "comments", "comments", "outbox", "pages"],
    ),
    (add_comment, '"1"', {"status": "rejected"}, ["audit", "comments"]),
    (publish, '"2"', {"status": "spam"}, ["audit", "comments", "comments", "comments", "pages"]),
    (publish, '"2"', {"text": "Shorter."}, ["audit", "comments"]),
]


@pytest.mark.parametrize(("make", "seen", "change", "written"), DECISIONS)
def test_decision_is_one_read_and_one_transaction(
    stack: Stack, make: Callable[[Stack], str], seen: str, change: dict[str, Any], written: list[str]
) -> None:
    path = f"/v1/staff/comments/{make(stack)}"
    with watched(stack, "staff") as calls:
        reply: Reply = stack.call("PATCH", path, change, role="moderator", if_match=seen)
    assert reply.status == 200
    assert [name for name, _ in calls] == ["GetItem", "Query", "TransactWriteItems"]
    actions = [next(iter(item.values())) for item in calls[2][1]["TransactItems"]]
    assert sorted(a["TableName"].removeprefix(f"{stack.name}-") for a in actions) == written
