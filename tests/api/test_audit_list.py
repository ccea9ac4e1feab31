"""The audit trail as admins read it: by subject, by actor, by both, and all of it, newest first."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.audit import Act
from tests.acts import add_comment, decide, post_enquiry
from tests.stack import Stack

KEYS = {"at", "actor", "action", "subject", "sequence", "from", "to", "reason", "ids"}


def note(stack: Stack, subject: str, actor: str = "token:a", **act: Any) -> None:
    stack.later(seconds=1)
    stack.desk("staff").store.record_reading(Act(subject, actor, "read", stack.now, **act))


def walk(stack: Stack, **query: str) -> list[list[Any]]:
    """Each answer's entries, to the last cursor."""
    answers = []
    while True:
        reply = stack.call("GET", "/v1/staff/audit", role="admin", query=query)
        assert reply.status == 200, reply.text
        answers.append(reply.json["entries"])
        if reply.json["next_cursor"] is None:
            return answers
        assert len(answers) < 100
        query["cursor"] = reply.json["next_cursor"]


def told(answers: list[list[Any]]) -> list[tuple[str, str]]:
    return [(entry["subject"], entry["actor"]) for entries in answers for entry in entries]


def scene(stack: Stack) -> list[tuple[str, str]]:
    """Nine entries of three subjects by two actors; returns them newest first."""
    made = [(subject, f"token:{n % 2}") for n in range(3) for subject in ("c1", "c2", "t1")]
    for subject, actor in made:
        note(stack, subject, actor)
    return made[::-1]


QUERIES = [{}, {"subject": "c2"}, {"actor": "token:1"}, {"subject": "c2", "actor": "token:0"}]


@pytest.mark.parametrize("limit", ["1", "2", "100"])
@pytest.mark.parametrize("query", QUERIES)
def test_list_has_each_entry_once_newest_first(stack: Stack, query: dict[str, str], limit: str) -> None:
    made = scene(stack)
    wanted = [
        (subject, actor)
        for subject, actor in made
        if query.get("subject", subject) == subject and query.get("actor", actor) == actor
    ]
    answers = walk(stack, **query, limit=limit)
    assert told(answers) == wanted
    assert all(len(entries) <= int(limit) for entries in answers)


def test_entry_tells_who_did_what_when_and_no_field(stack: Stack) -> None:
    comment_id = add_comment(stack)
    decide(stack, comment_id, '"1"', status="rejected", reason="off topic")
    stack.call("GET", "/v1/staff/comments", role="moderator", query={"status": "rejected"})
    [listed, decided] = walk(stack)[0]
    assert set(listed) == set(decided) == KEYS
    assert decided == {
        "at": "2026-03-04T05:06:07.890Z",
        "actor": "token:moderator",
        "action": "decide",
        "subject": comment_id,
        "sequence": 1,
        "from": "pending",
        "to": "rejected",
        "reason": "off topic",
        "ids": [],
    }
    assert (listed["subject"], listed["ids"]) == ("comments/token:moderator", [comment_id])


@pytest.mark.parametrize(
    "query", [{"subject": "c0"}, {"actor": "token:x"}, {"subject": "c1", "actor": "x"}, {}]
)
def test_list_of_nothing_is_empty(stack: Stack, query: dict[str, str]) -> None:
    if query:
        scene(stack)
    answers = walk(stack, **query)
    assert told(answers) == []


def test_whole_trail_goes_on_over_months_in_which_nothing_was_done(stack: Stack) -> None:
    months = [(2026, 1), (2026, 2), (2026, 12), (2028, 7)]
    for year, month in months:
        for day in (1, 28):
            stack.now = datetime(year, month, day, 23, 59, tzinfo=UTC)
            note(stack, f"c{year}{month}{day}")
    wanted = [f"c{y}{m}{d}" for y, m in reversed(months) for d in (28, 1)]
    for limit in ("1", "2", "3", "100"):
        assert [subject for subject, _ in told(walk(stack, limit=limit))] == wanted


def test_one_request_looks_through_a_bounded_stretch(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is rare in a long chain is found nevertheless, by going on."""
    monkeypatch.setattr("chalicelib.storage.audit._LOOKED_THROUGH_AT_ONCE", 2)
    monkeypatch.setattr("chalicelib.storage.audit._MOST_LOOKS", 2)
    note(stack, "c1", "token:rare")
    for _ in range(9):
        note(stack, "c1", "token:often")
    answers = walk(stack, subject="c1", actor="token:rare", limit="3")
    assert [len(entries) for entries in answers] == [0, 0, 1]
    often = walk(stack, subject="c1", actor="token:often", limit="3")
    assert sum(map(len, often)) == 9
    assert max(map(len, often)) == 3


@pytest.mark.parametrize("role", ["moderator", "admissions"])
def test_only_admins_read_it(stack: Stack, role: Any) -> None:
    scene(stack)
    for query in QUERIES:
        reply = stack.call("GET", "/v1/staff/audit", role=role, query=query)
        assert (reply.status, reply.json["code"]) == (403, "forbidden")


def test_cursor_is_bound_to_its_list(stack: Stack) -> None:
    scene(stack)
    for mine in QUERIES:
        cursor = stack.call("GET", "/v1/staff/audit", role="admin", query={**mine, "limit": "1"}).json[
            "next_cursor"
        ]
        for other in QUERIES:
            reply = stack.call("GET", "/v1/staff/audit", role="admin", query={**other, "cursor": cursor})
            assert reply.status == (200 if mine == other else 400)


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "101"}, {"subject": ""}, {"subject": "x" * 1101}, {"actor": "x" * 201}],
)
def test_bad_query_is_refused(stack: Stack, query: dict[str, str]) -> None:
    assert stack.call("GET", "/v1/staff/audit", role="admin", query=query).status == 422


def test_enquiries_and_tokens_are_in_it(stack: Stack) -> None:
    reference = post_enquiry(stack).json["reference"]
    stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions")
    made = stack.call("POST", "/v1/staff/tokens", {"role": "moderator"}, role="admin").json
    subjects = [subject for subject, _ in told(walk(stack))]
    assert sorted(subjects) == sorted([reference, made["id"]])
