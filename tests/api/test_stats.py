"""Statistics: counted from the indexes, and so equal to a recount; bounded, and saying so."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.storage.comments import CommentsTable
from tests.acts import (
    add_comment,
    change_enquiry,
    decide,
    erase,
    post_comment,
    post_enquiry,
    publish,
)
from tests.faults import desk_on
from tests.stack import FakeSes, Stack


def stats(stack: Stack, role: Any = "admin", **how: Any) -> Any:
    reply = stack.call("GET", "/v1/staff/stats", role=role, **how)
    assert reply.status == 200, reply.text
    return reply.json


def statuses(stack: Stack, table: str, attribute: str = "status") -> Counter[str]:
    return Counter(i[attribute]["S"] for i in stack.items(table) if attribute in i)


def without_ages(counts: dict[str, Any]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if not name.startswith("oldest")}


def test_empty_desk_has_nothing(stack: Stack) -> None:
    shown = stats(stack)
    assert set(without_ages(shown["comments"]).values()) == {0}
    assert set(without_ages(shown["enquiries"]).values()) == {0}
    assert set(shown["mail"].values()) == {0}
    assert shown["comments"]["oldest_pending_seconds"] is None
    assert shown["enquiries"]["oldest_new_seconds"] is None
    assert shown["at_least"] == []


def test_counts_are_a_recount(stack: Stack) -> None:
    stack.settings |= {"RATE_LIMIT": "100"}
    ids = [add_comment(stack, message=f"{n}") for n in range(5)]
    for comment_id, status in zip(ids, ["approved", "approved", "rejected", "spam"], strict=False):
        decide(stack, comment_id, '"1"', status=status)
    publish(stack, parent_id=ids[0], message="Answer.")
    post_comment(stack, message="Buy.", website="x")
    # A stub has no status: it is no comment any more.
    erase(stack, ids[0])
    references = [post_enquiry(stack, message=f"{n}").json["reference"] for n in range(4)]
    for reference, status in zip(references, ["in_progress", "closed", "spam"], strict=False):
        change_enquiry(stack, reference, '"1"', status=status)
    stack.deliver(FakeSes(ReadTimeoutError(endpoint_url="https://ses")))
    post_enquiry(stack, message="Not yet mailed about.")
    shown = stats(stack)
    assert without_ages(shown["comments"]) == {
        **dict.fromkeys(("pending", "approved", "rejected", "spam"), 0),
        **statuses(stack, "CommentsTable"),
    }
    assert shown["comments"] == {
        "pending": 1, "approved": 2, "rejected": 1, "spam": 2, "oldest_pending_seconds": 0,
    }  # fmt: skip
    assert without_ages(shown["enquiries"]) == statuses(stack, "EnquiriesTable")
    mail = {state: n for state, n in shown["mail"].items() if n}
    assert mail == statuses(stack, "OutboxTable", "state")
    assert {"sent", "unknown", "pending"} <= set(mail)


def test_expired_spam_is_not_counted_though_it_is_there(stack: Stack) -> None:
    post_comment(stack, website="x")
    post_enquiry(stack, website="x")
    shown = stats(stack)
    assert (shown["comments"]["spam"], shown["enquiries"]["spam"]) == (1, 1)
    stack.later(days=31)
    shown = stats(stack)
    assert (shown["comments"]["spam"], shown["enquiries"]["spam"]) == (0, 0)
    assert len(stack.items("CommentsTable")) == 1


def test_oldest_is_the_one_that_has_waited_longest_urgent_or_not(stack: Stack) -> None:
    first = add_comment(stack, message="1")
    stack.later(minutes=10)
    add_comment(stack, message="2")
    post_enquiry(stack)
    stack.later(minutes=5)
    for priority in ("normal", "urgent"):
        mark(stack, first, priority)
        assert stats(stack)["comments"]["oldest_pending_seconds"] == 15 * 60
    decide(stack, first, "*", status="approved")
    shown = stats(stack)
    assert shown["comments"]["oldest_pending_seconds"] == 5 * 60
    assert shown["enquiries"]["oldest_new_seconds"] == 5 * 60


def mark(stack: Stack, comment_id: str, priority: Any) -> None:
    store = stack.desk("staff").store
    before = store.get_comment(comment_id)
    after = replace(before, priority=priority, revision=before.revision + 1)
    store.database.transact([store.comments.replace(before, after)])


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("moderator", {"comments"}),
        ("admissions", {"enquiries"}),
        ("admin", {"comments", "enquiries", "mail"}),
    ],
)
def test_role_sees_its_own_part(stack: Stack, role: Any, seen: set[str]) -> None:
    shown = stats(stack, role)
    assert {name for name in ("comments", "enquiries", "mail") if shown[name] is not None} == seen


class SmallPages:
    """DynamoDB when items are big: it stops early, and says where to go on."""

    def __init__(self, stack: Stack) -> None:
        self.queries: Counter[str] = Counter()
        self._client = stack.dynamodb

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def query(self, **request: Any) -> Any:
        if request.get("Select") == "COUNT":
            self.queries[str(request["ExpressionAttributeValues"][":status"]["S"])] += 1
            request = {**request, "Limit": 2}
        return self._client.query(**request)


@pytest.mark.parametrize(("size", "counted", "complete"), [(3, 3, True), (9, 9, True), (13, 10, False)])
def test_counting_ends_after_five_pages_and_says_so(
    stack: Stack, size: int, counted: int, complete: bool
) -> None:
    table: CommentsTable = stack.desk("staff").store.comments
    for n in range(size):
        add_comment(stack, message=f"{n}")
        stack.later(seconds=61)
    client = SmallPages(stack)
    shown = stats(stack, "moderator", desk=desk_on(stack, "staff", client))
    assert shown["comments"]["pending"] == counted
    assert shown["at_least"] == ([] if complete else ["comments.pending"])
    assert client.queries["pending"] <= 5
    assert shown["comments"]["oldest_pending_seconds"] == size * 61
    assert table.find_oldest_pending() == stack.now - timedelta(seconds=size * 61)
