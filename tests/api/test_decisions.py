"""Decisions: each pair of statuses, revisions, and a count that never drifts."""

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.comments import Decision
from chalicelib.comments import decide as decide_in_domain
from chalicelib.errors import IllegalTransition, StaleRevision
from tests.acts import PAGE_ID, add_comment, decide, everything_stored, publish, read_thread
from tests.stack import Stack

STATUSES = ["pending", "approved", "rejected", "spam"]


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_every_status_may_become_every_other_but_not_itself(stack: Stack, before: str, after: str) -> None:
    comment_id = add_comment(stack)
    if before != "pending":
        assert decide(stack, comment_id, '"1"', status=before).status == 200
    stored = everything_stored(stack)
    revision = 1 if before == "pending" else 2
    reply = decide(stack, comment_id, f'"{revision}"', status=after)
    if before == after:
        assert (reply.status, reply.json["code"]) == (409, "illegal_transition")
        assert everything_stored(stack) == stored
    else:
        assert (reply.status, reply.json["status"], reply.json["revision"]) == (200, after, revision + 1)
        assert reply.headers["etag"] == f'"{revision + 1}"'
    thread = read_thread(stack)
    assert thread["count"] == len(thread["comments"]) == (after == "approved")


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 200), ('"7", "1"', 200), ("*", 200), ('W/"1"', 412), ("1", 412), ('"2"', 412), ('"0"', 412)],
)
def test_decision_is_taken_on_the_revision_that_was_seen(stack: Stack, if_match: str, status: int) -> None:
    comment_id = add_comment(stack)
    stored = everything_stored(stack)
    reply = decide(stack, comment_id, if_match, status="approved")
    assert reply.status == status
    assert (everything_stored(stack) == stored) is (status != 200)


def test_of_two_decisions_on_one_revision_the_second_is_stale(stack: Stack) -> None:
    comment_id = add_comment(stack)
    assert decide(stack, comment_id, '"1"', status="approved").status == 200
    assert decide(stack, comment_id, '"1"', status="spam").json["code"] == "stale_revision"


def test_decision_that_was_overtaken_between_reading_and_writing_is_stale(stack: Stack) -> None:
    comment_id = add_comment(stack)
    store = stack.desk("staff").store
    seen = store.get_comment(comment_id)
    assert decide(stack, comment_id, "*", status="rejected").status == 200

    class Late:
        """Read before the other decision, written after it."""

        get_comment = staticmethod(lambda _id: seen)
        record_decision = staticmethod(store.record_decision)

    stored = everything_stored(stack)
    late: Any = Late()
    with pytest.raises(StaleRevision):
        decide_in_domain(comment_id, Decision("approved"), None, "token:x", stack.now, late)
    assert everything_stored(stack) == stored


def test_redaction_changes_what_is_shown_and_keeps_what_was_typed(stack: Stack) -> None:
    comment_id = publish(stack, message="Call me on 555 0100.")
    reply = decide(stack, comment_id, '"2"', text="Call me.", reason="phone number")
    assert (reply.json["text"], reply.json["original_text"]) == ("Call me.", "Call me on 555 0100.")
    assert [c["text"] for c in read_thread(stack)["comments"]] == ["Call me."]


def test_history_tells_each_decision_and_reading(stack: Stack) -> None:
    comment_id = publish(stack)
    decide(stack, comment_id, '"2"', status="rejected", reason="off topic")
    shown = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
    told = [(h["action"], h["from"], h["to"], h["reason"]) for h in shown["history"]]
    assert sorted(told, key=repr) == sorted(
        [
            ("decide", "pending", "approved", None),
            ("decide", "approved", "rejected", "off topic"),
            ("read", None, None, None),
        ],
        key=repr,
    )


def test_reading_a_list_is_audited_with_the_ids_that_it_showed(stack: Stack) -> None:
    ids = [add_comment(stack, message=f"{n}") for n in range(2)]
    stack.call("GET", "/v1/staff/comments", role="moderator")
    [entry] = stack.items("AuditTable")
    assert sorted(entry["read_ids"]["S"].split()) == sorted(ids)
    assert (entry["actor"]["S"], entry["action"]["S"]) == ("token:moderator", "list")


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STATUSES)), min_size=4, max_size=9))
@settings(
    max_examples=4, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_count_is_a_recount_after_any_walk_of_decisions(stack: Stack, walk: list[tuple[int, str]]) -> None:
    stack.later(hours=1)
    store, now = stack.desk("staff").store, stack.now
    ids = [add_comment(stack, message=f"{now} {n}") for n in range(3)]
    for which, status in walk:
        try:
            decide_in_domain(ids[which], Decision(status), None, "token:x", now, store)  # type: ignore[arg-type]
        except IllegalTransition:
            continue
    statuses = [i["status"]["S"] for i in stack.items("CommentsTable") if "status" in i]
    approved = statuses.count("approved")
    thread = read_thread(stack, limit="100")
    counts = stack.call("POST", "/v1/comments/counts", {"pages": ["/a"]}).json["counts"]
    assert (thread["count"], len(thread["comments"]), counts["/a"]) == (approved,) * 3
    assert thread["page"] == PAGE_ID
