"""What a request costs: counted at botocore's own events, one for each call that is made."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.wiring import Desk
from tests.acts import COMMENT, ENQUIRY, add_comment, erase, post_enquiry, publish
from tests.stack import Reply, Stack

Calls = list[tuple[str, dict[str, Any]]]


@contextmanager
def watched(desk: Desk) -> Iterator[Calls]:
    calls: Calls = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        calls.append((model.name, json.loads(params["body"])))

    events = desk.store.database._client.meta.events
    events.register("before-call.dynamodb", note)
    yield calls
    events.unregister("before-call.dynamodb", note)


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
@pytest.mark.parametrize("parent", [False, True])
def test_comment_is_one_transaction_of_three_written_items(
    stack: Stack, key: dict[str, Any], parent: bool
) -> None:
    more = {"parent_id": publish(stack, message="First.")} if parent else {}
    with watched(stack.desk("public")) as calls:
        assert stack.call("POST", "/v1/comments", COMMENT | more, **key).status == 202
    assert_one_transaction(calls, ["comments", "guard", "outbox"], stack)


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
def test_enquiry_is_one_transaction_of_three_written_items(stack: Stack, key: dict[str, Any]) -> None:
    with watched(stack.desk("public")) as calls:
        assert stack.call("POST", "/v1/enquiries", ENQUIRY, **key).status == 202
    assert_one_transaction(calls, ["enquiries", "guard", "outbox"], stack)


def assert_one_transaction(calls: Calls, written: list[str], stack: Stack) -> None:
    assert [name for name, _ in calls] == ["TransactWriteItems"]
    assert written_in(calls[0][1], stack) == written


def test_only_a_process_that_does_not_know_how_full_a_bucket_is_tries_twice(stack: Stack) -> None:
    """A filling bucket costs another environment one round trip more."""
    add_comment(stack, message="In one environment.")
    desk = stack.fresh_desk("public")
    with watched(desk) as calls:
        for n in range(3):
            assert stack.call("POST", "/v1/comments", COMMENT | {"message": f"{n}"}, desk=desk).status == 202
    # The network's bucket was taken for empty.
    assert [name for name, _ in calls] == ["TransactWriteItems"] * (3 + 1)
    stack.later(hours=1)
    with watched(desk) as calls:
        assert stack.call("POST", "/v1/comments", COMMENT, desk=desk).status == 202
    assert len(calls) == 1


def test_refused_submission_costs_no_round_trip(stack: Stack) -> None:
    with watched(stack.desk("public")) as calls:
        assert stack.call("POST", "/v1/comments", COMMENT | {"email": "x"}).status == 422
    assert calls == []


def test_body_over_the_limit_is_refused_unparsed_and_without_a_round_trip(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(*_: Any, **__: Any) -> None:
        raise AssertionError("parsed")

    body = json.dumps(COMMENT | {"message": "x" * 33_000})
    with watched(stack.desk("public")) as calls, monkeypatch.context() as patched:
        patched.setattr("chalicelib.api.requests.json.loads", parse)
        reply = stack.call("POST", "/v1/comments", body)
    assert (reply.status, reply.json["code"]) == (413, "too_large")
    assert calls == []


LISTS: list[tuple[str, str, dict[str, Any]]] = [
    ("public", "/v1/comments", {"query": {"page": "/a"}}),
    ("public", "/v1/comments", {"query": {"page": "/a", "order": "newest", "limit": "1"}}),
    ("public", "/v1/comments", {"query": {"page": "/nothing-here"}}),
    ("public", "/v1/comments.atom", {"query": {"page": "/a"}}),
    ("staff", "/v1/staff/comments", {"role": "moderator"}),
    (
        "staff",
        "/v1/staff/comments",
        {"role": "moderator", "query": {"status": "approved", "order": "newest"}},
    ),
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
    with watched(stack.desk(function)) as calls:
        assert stack.call("GET", path, **how).status == 200
    # For staff, the audit entry about the reading besides: the chain's last one read, the next one put.
    audited = ["Query", "TransactWriteItems"] if function == "staff" else []
    # And what was learnt from decisions, to score what waits.
    model = ["Query"] if (path, how.get("query")) == ("/v1/staff/comments", None) else []
    assert [name for name, _ in calls] == ["Query", *audited, *model]


def test_model_is_one_read_for_a_whole_list_and_for_some_seconds(stack: Stack) -> None:
    for n in range(3):
        add_comment(stack, message=f"{n}")
    with watched(stack.desk("staff")) as calls:
        for _ in range(3):
            assert stack.call("GET", "/v1/staff/comments", role="moderator").status == 200
        stack.later(seconds=5)
        assert stack.call("GET", "/v1/staff/comments", role="moderator").status == 200
    tables = [call.get("TableName", "").removeprefix(f"{stack.name}-") for _, call in calls]
    assert tables.count("model") == 2


def test_counts_of_a_hundred_pages_are_one_batch(stack: Stack) -> None:
    publish(stack)
    pages = ["/a", "/a/", *(f"/{n}" for n in range(98))]
    with watched(stack.desk("public")) as calls:
        counts = stack.call("POST", "/v1/comments/counts", {"pages": pages}).json["counts"]
    assert [name for name, _ in calls] == ["BatchGetItem"]
    assert counts == {"/a": 1, "/a/": 1, **{f"/{n}": 0 for n in range(98)}}


DECISIONS: list[tuple[Callable[[Stack], str], str, dict[str, Any], list[str]]] = [
    (
        add_comment,
        '"1"',
        {"status": "approved"},
        ["audit", "comments", "comments", "comments", "model", "outbox", "pages"],
    ),
    (add_comment, '"1"', {"status": "spam"}, ["audit", "comments", "model"]),
    (add_comment, '"1"', {"status": "rejected"}, ["audit", "comments"]),
    (publish, '"2"', {"status": "spam"}, ["audit", "comments", "comments", "comments", "model", "pages"]),
    (publish, '"2"', {"status": "rejected"}, ["audit", "comments", "comments", "comments", "model", "pages"]),
    (publish, '"2"', {"text": "Shorter."}, ["audit", "comments"]),
]


@pytest.mark.parametrize(("make", "seen", "change", "written"), DECISIONS)
def test_decision_is_one_read_and_one_transaction(
    stack: Stack, make: Callable[[Stack], str], seen: str, change: dict[str, Any], written: list[str]
) -> None:
    path = f"/v1/staff/comments/{make(stack)}"
    with watched(stack.desk("staff")) as calls:
        reply: Reply = stack.call("PATCH", path, change, role="moderator", if_match=seen)
    assert reply.status == 200
    # The end of the audit chain is asked for where there is one, most likely.
    chain = [] if seen == '"1"' else ["Query"]
    assert [name for name, _ in calls] == ["GetItem", *chain, "TransactWriteItems"]
    actions = [next(iter(item.values())) for item in calls[-1][1]["TransactItems"]]
    assert sorted(a["TableName"].removeprefix(f"{stack.name}-") for a in actions) == written


def test_decision_on_what_was_opened_before_is_chained_behind_the_reading(stack: Stack) -> None:
    path = f"/v1/staff/comments/{add_comment(stack)}"
    assert stack.call("GET", path, role="moderator").status == 200
    with watched(stack.desk("staff")) as calls:
        change = {"status": "approved"}
        assert stack.call("PATCH", path, change, role="moderator", if_match='"1"').status == 200
    tried = ["TransactWriteItems", "Query", "TransactWriteItems"]
    assert [name for name, _ in calls] == ["GetItem", *tried]
    history = stack.call("GET", path, role="moderator").json["history"]
    assert [act["action"] for act in history] == ["read", "decide", "read"]


READ_AND_TRANSACT = ["GetItem", "Query", "TransactWriteItems"]


def written_in(call: dict[str, Any], stack: Stack) -> list[str]:
    """The tables of what a transaction writes; conditions alone are not written."""
    actions = [next(iter(item.items())) for item in call["TransactItems"]]
    return sorted(
        a["TableName"].removeprefix(f"{stack.name}-") for kind, a in actions if kind != "ConditionCheck"
    )


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
def test_answer_of_staff_is_one_read_and_one_transaction(stack: Stack, key: dict[str, Any]) -> None:
    path = f"/v1/staff/comments/{publish(stack)}/reply"
    with watched(stack.desk("staff")) as calls:
        assert stack.call("POST", path, {"message": "We are glad."}, role="moderator", **key).status == 201
    # An answer is new, and so is its chain.
    assert [name for name, _ in calls] == ["GetItem", "TransactWriteItems"]
    # The answer, how many its parent has, both edges, the page, the order, the entry.
    assert written_in(calls[-1][1], stack) == ["audit", *["comments"] * 4, "outbox", "pages"]


@pytest.mark.parametrize(
    ("make", "written"),
    [
        (add_comment, ["audit", "comments"]),
        (publish, ["audit", "comments", "comments", "comments", "model", "pages"]),
    ],
)
def test_erasing_is_one_read_and_one_transaction(
    stack: Stack, make: Callable[[Stack], str], written: list[str]
) -> None:
    path = f"/v1/staff/comments/{make(stack)}"
    with watched(stack.desk("staff")) as calls:
        assert stack.call("DELETE", path, role="moderator").status == 204
    assert [name for name, _ in calls] == READ_AND_TRANSACT
    assert written_in(calls[2][1], stack) == written


@pytest.mark.parametrize("stubs", [0, 1, 2])
def test_decision_on_an_answer_reads_one_comment_above_it_and_each_stub_in_a_row(
    stack: Stack, stubs: int
) -> None:
    chain = [publish(stack)]
    for n in range(stubs + 1):
        chain.append(publish(stack, parent_id=chain[-1], message=f"{n}"))
    for comment_id in chain[1:-1]:
        assert erase(stack, comment_id).status == 204
    path = f"/v1/staff/comments/{chain[-1]}"
    with watched(stack.desk("staff")) as calls:
        assert stack.call("PATCH", path, {"status": "spam"}, role="moderator", if_match="*").status == 200
    assert [name for name, _ in calls] == [
        "GetItem", "Query", *["GetItem"] * (1 + stubs), "TransactWriteItems",
    ]  # fmt: skip
    # The answer itself, the stubs that go with it, the comment above, both edges; the lesson.
    assert written_in(calls[-1][1], stack) == ["audit", *["comments"] * (4 + stubs), "model", "pages"]


def test_change_of_an_enquiry_is_one_read_and_one_transaction(stack: Stack) -> None:
    path = f"/v1/staff/enquiries/{post_enquiry(stack).json['reference']}"
    change = {"status": "closed", "assignee": "Kim", "note": "Reached."}
    with watched(stack.desk("staff")) as calls:
        assert stack.call("PATCH", path, change, role="admissions", if_match="*").status == 200
    assert [name for name, _ in calls] == READ_AND_TRANSACT
    # An entry for each part: the status, the assignee, the note.
    assert written_in(calls[2][1], stack) == ["audit", "audit", "audit", "enquiries"]


@pytest.mark.parametrize(
    ("body", "made"), [({"closed": True}, READ_AND_TRANSACT), ({"closed": False}, ["GetItem"])]
)
def test_closing_a_page_is_one_read_and_one_transaction(
    stack: Stack, body: dict[str, bool], made: list[str]
) -> None:
    with watched(stack.desk("staff")) as calls:
        reply = stack.call("PATCH", "/v1/staff/pages", body, role="moderator", query={"page": "/a"})
    assert reply.status == 200
    assert [name for name, _ in calls] == made


def test_bulk_costs_what_its_decisions_cost(stack: Stack) -> None:
    decisions = [
        {"id": add_comment(stack, message=f"{n}"), "revision": 1, "status": "spam"} for n in range(3)
    ]
    with watched(stack.desk("staff")) as calls:
        stack.call("POST", "/v1/staff/comments/bulk", {"decisions": decisions}, role="moderator")
    assert [name for name, _ in calls] == ["GetItem", "TransactWriteItems"] * 3


@pytest.mark.parametrize(
    ("query", "queries"),
    [({"subject": "s"}, 1), ({"actor": "token:x"}, 1), ({"subject": "s", "actor": "token:x"}, 1), ({}, 3)],
)
def test_audit_list_is_one_query_or_one_a_month(stack: Stack, query: dict[str, str], queries: int) -> None:
    with watched(stack.desk("staff")) as calls:
        assert stack.call("GET", "/v1/staff/audit", role="admin", query=query).status == 200
    # The stack's clock is in March; nothing is older than that January.
    assert [name for name, _ in calls] == ["Query"] * queries


def test_queue_newest_first_is_two_queries(stack: Stack) -> None:
    add_comment(stack)
    with watched(stack.desk("staff")) as calls:
        stack.call("GET", "/v1/staff/comments", role="moderator", query={"order": "newest"})
    assert [name for name, _ in calls] == ["Query"] * 3 + ["TransactWriteItems", "Query"]


@pytest.mark.parametrize(("role", "queries"), [("moderator", 6), ("admissions", 6), ("admin", 19)])
def test_statistics_are_a_count_for_each_status_and_no_scan(stack: Stack, role: Any, queries: int) -> None:
    publish(stack)
    with watched(stack.desk("staff")) as calls:
        assert stack.call("GET", "/v1/staff/stats", role=role).status == 200
    assert [name for name, _ in calls] == ["Query"] * queries
