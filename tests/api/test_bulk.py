"""Many decisions in one call: each has the result that it would have had alone, and stops no other."""

from datetime import timedelta
from typing import Any

import pytest

from tests.acts import add_comment, assert_recount, decide, erase, everything_stored, post_enquiry, publish
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import Reply, Stack

BULK = "/v1/staff/comments/bulk"


def decide_many(stack: Stack, *decisions: Any, **how: Any) -> Reply:
    return stack.call("POST", BULK, {"decisions": list(decisions)}, role="moderator", **how)


def wish(comment_id: Any, status: str = "approved", revision: Any = 1, **more: Any) -> dict[str, Any]:
    return {"id": comment_id, "revision": revision, "status": status, **more}


def test_each_decision_is_made_and_told(stack: Stack) -> None:
    ids = [add_comment(stack, message=f"{n}") for n in range(4)]
    statuses = ["approved", "rejected", "spam", "approved"]
    reply = decide_many(stack, *map(wish, ids, statuses))
    assert reply.status == 200
    assert reply.json == {"results": [{"id": i, "status": 200, "code": None, "revision": 2} for i in ids]}
    found = {i["comment_id"]["S"]: i["status"]["S"] for i in stack.items("CommentsTable") if "status" in i}
    assert found == dict(zip(ids, statuses, strict=True))
    assert sorted(assert_recount(stack)) == sorted([ids[0], ids[3]])


def test_reason_and_actor_are_in_each_history(stack: Stack) -> None:
    comment_id = add_comment(stack)
    decide_many(stack, wish(comment_id, "rejected", reason="off topic"))
    shown = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
    told = shown["history"][0]
    assert (told["actor"], told["to"], told["reason"]) == ("token:moderator", "rejected", "off topic")


def test_bad_entry_has_its_own_result_and_the_others_are_done(stack: Stack) -> None:
    first, last = add_comment(stack, message="first"), add_comment(stack, message="last")
    public, gone = publish(stack, message="public"), publish(stack, message="gone")
    erase(stack, gone)
    reference = post_enquiry(stack).json["reference"]
    bad: list[tuple[Any, int, str]] = [
        (wish(reference), 404, "not_found"),
        (wish("c0nothing"), 404, "not_found"),
        (wish("edge!example.org/a"), 404, "not_found"),
        (wish("t01abc"), 404, "not_found"),
        (wish(""), 404, "not_found"),
        (wish("x" * 65), 404, "not_found"),
        (wish("\ud800"), 404, "not_found"),
        (wish("é"), 404, "not_found"),
        (wish(7), 422, "invalid_fields"),
        (wish(None), 422, "invalid_fields"),
        (wish(gone, revision=2), 404, "not_found"),
        (wish(public, "rejected", 1), 412, "stale_revision"),
        (wish(public, "rejected", 10**40), 412, "stale_revision"),
        (wish(public, "approved", 2), 409, "illegal_transition"),
        (wish(public, "published", 2), 422, "invalid_fields"),
        (wish(public, "rejected", None), 428, "revision_required"),
        ({"id": public, "status": "rejected"}, 428, "revision_required"),
        (wish(public, "rejected", "2"), 422, "invalid_fields"),
        (wish(public, "rejected", True), 422, "invalid_fields"),
        (wish(public, "rejected", 2.0), 422, "invalid_fields"),
        ({"id": public, "revision": 2}, 422, "invalid_fields"),
        ({"revision": 2, "status": "spam"}, 422, "invalid_fields"),
        (wish(public, "rejected", 2, text="x"), 422, "invalid_fields"),
        (wish(public, "rejected", 2, reason="x" * 501), 422, "invalid_fields"),
        ("c0", 422, "invalid_fields"),
        (None, 422, "invalid_fields"),
        ([], 422, "invalid_fields"),
        # The first has been decided on by now.
        (wish(first, "spam"), 412, "stale_revision"),
    ]
    reply = decide_many(stack, wish(first), *(entry for entry, _, _ in bad), wish(last))
    assert reply.status == 200
    results = reply.json["results"]
    assert [(r["status"], r["code"]) for r in results[1:-1]] == [(status, code) for _, status, code in bad]
    assert all(r["revision"] is None for r in results[1:-1])
    assert [(r["id"], r["status"], r["revision"]) for r in (results[0], results[-1])] == [
        (first, 200, 2),
        (last, 200, 2),
    ]
    assert set(assert_recount(stack)) == {public, first, last}


@pytest.mark.parametrize("status", ["pending", "approved", "rejected", "spam"])
def test_result_is_what_the_single_decision_would_have_had(stack: Stack, status: str) -> None:
    one, two = add_comment(stack, message="1"), add_comment(stack, message="2")
    alone = decide(stack, one, '"1"', status=status)
    [result] = decide_many(stack, wish(two, status)).json["results"]
    assert result["status"] == alone.status
    assert result["code"] == alone.json.get("code")
    assert result["revision"] == alone.json.get("revision")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decisions": [wish("c0")] * 101}, 422),
        ({"decisions": {}}, 422),
        ({"decisions": "c0"}, 422),
        ({"decisions": None}, 422),
        ({}, 422),
        ({"decisions": [], "more": 1}, 422),
        ([], 400),
    ],
)
def test_list_that_is_none_or_too_long_is_refused(stack: Stack, body: Any, status: int) -> None:
    comment_id = add_comment(stack)
    if isinstance(body, dict) and isinstance(body.get("decisions"), list) and body["decisions"]:
        body = {"decisions": [wish(comment_id), *body["decisions"][1:]]}
    before = everything_stored(stack)
    assert stack.call("POST", BULK, body, role="moderator").status == status
    assert everything_stored(stack) == before


@pytest.mark.parametrize("size", [0, 100])
def test_list_may_have_none_to_a_hundred(stack: Stack, size: int) -> None:
    results = decide_many(stack, *[wish("c0")] * size).json["results"]
    assert [r["status"] for r in results] == [404] * size


def test_outage_is_told_for_each(stack: Stack) -> None:
    comment_id = add_comment(stack)
    desk = desk_on(stack, "staff", FailingClient(OUTAGES["throttled"]))
    reply = decide_many(stack, wish(comment_id), wish(comment_id, "spam"), desk=desk)
    assert reply.status == 200
    assert [(r["status"], r["code"]) for r in reply.json["results"]] == [(503, "unavailable")] * 2


def test_what_is_not_begun_in_time_is_not_begun(stack: Stack) -> None:
    """The gateway gives up at 29 s: better to say of the rest that it was not done."""
    ids = [add_comment(stack, message=f"{n}") for n in range(4)]

    class Slow:
        """Each decision takes eight seconds."""

        def __getattr__(self, operation: str) -> Any:
            return getattr(stack.dynamodb, operation)

        def get_item(self, **request: Any) -> Any:
            stack.now += timedelta(seconds=8)
            return stack.dynamodb.get_item(**request)

    reply = decide_many(stack, *map(wish, ids), desk=desk_on(stack, "staff", Slow()))
    assert [r["status"] for r in reply.json["results"]] == [200, 200, 503, 503]
    assert sorted(assert_recount(stack)) == sorted(ids[:2])
