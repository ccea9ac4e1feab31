"""Both queues: urgent ones first in either order, each once, however they are walked."""

from dataclasses import replace
from typing import Any

import pytest

from tests.acts import add_comment, change_enquiry, post_enquiry
from tests.stack import Stack


def waiting(stack: Stack, page: str, urgent: list[bool]) -> list[str]:
    """One pending comment for each of `urgent`, a second apart; their ids, oldest first."""
    store = stack.desk("staff").store
    ids = []
    for n, is_urgent in enumerate(urgent):
        stack.later(seconds=61)
        ids.append(add_comment(stack, page=page, message=f"{page} {n}"))
        if is_urgent:
            before = store.get_comment(ids[-1])
            store.database.transact([store.comments.replace(before, replace(before, priority="urgent"))])
    return ids


def walk(stack: Stack, **query: str) -> list[list[str]]:
    answers = []
    while True:
        answer: Any = stack.call("GET", "/v1/staff/comments", role="moderator", query=query).json
        answers.append([comment["id"] for comment in answer["comments"]])
        if answer["next_cursor"] is None:
            return answers
        assert len(answers) < 50
        query["cursor"] = answer["next_cursor"]


URGENCY = [
    [],
    [False] * 3,
    [True] * 3,
    [True, False, True, False, False],
    [False, False, True],
    [True, True, False, False],
]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("urgent", URGENCY)
@pytest.mark.parametrize("page", [None, "/a"])
def test_urgent_ones_come_first(
    stack: Stack, urgent: list[bool], order: str, limit: int, page: str | None
) -> None:
    ids = waiting(stack, "/a", urgent)
    waiting(stack, "/b", [True, False] if page else [])
    turn = -1 if order == "newest" else 1
    wanted = [i for i, u in zip(ids, urgent, strict=True) if u][::turn]
    wanted += [i for i, u in zip(ids, urgent, strict=True) if not u][::turn]
    query = {"page": page} if page else {}
    answers = walk(stack, order=order, limit=str(limit), **query)
    assert [i for answer in answers for i in answer] == wanted
    assert all(len(answer) <= limit for answer in answers)


def test_page_that_urgent_ones_fill_is_followed_by_the_others(stack: Stack) -> None:
    ids = waiting(stack, "/a", [True] * 3 + [False])
    assert walk(stack, order="newest", limit="3") == [[*ids[2::-1]], [ids[3]]]


@pytest.mark.parametrize("status", ["approved", "rejected", "spam"])
def test_what_was_decided_on_is_in_order_of_time(stack: Stack, status: str) -> None:
    ids = waiting(stack, "/a", [False, True, False])
    for comment_id in ids:
        path = f"/v1/staff/comments/{comment_id}"
        assert stack.call("PATCH", path, {"status": status}, role="moderator", if_match="*").status == 200
    for limit in ("1", "2", "100"):
        walked = walk(stack, status=status, order="newest", limit=limit)
        assert [i for answer in walked for i in answer] == ids[::-1]


def enquiries_waiting(stack: Stack, urgent: list[bool], topic: str) -> list[str]:
    """One new enquiry for each of `urgent`, a second apart; their references, oldest first."""
    references = []
    for n, is_urgent in enumerate(urgent):
        stack.later(seconds=1)
        message = f"I want to die tonight, {n}" if is_urgent else f"Have you a bed, {n}?"
        references.append(str(post_enquiry(stack, message=message, topic=topic).json["reference"]))
    return references


def walk_enquiries(stack: Stack, **query: str) -> list[str]:
    walked: list[str] = []
    while True:
        answer: Any = stack.call("GET", "/v1/staff/enquiries", role="admissions", query=query).json
        walked += [enquiry["reference"] for enquiry in answer["enquiries"]]
        if answer["next_cursor"] is None:
            return walked
        assert len(walked) < 50
        query["cursor"] = answer["next_cursor"]


@pytest.mark.parametrize("limit", ["1", "2", "100"])
@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("topic", [None, "family"])
def test_urgent_enquiries_come_first(stack: Stack, order: str, limit: str, topic: str | None) -> None:
    urgent = [False, True, False, True]
    references = enquiries_waiting(stack, urgent, "family")
    enquiries_waiting(stack, [True, False] if topic else [], "admissions")
    turn = -1 if order == "newest" else 1
    wanted = [r for r, u in zip(references, urgent, strict=True) if u][::turn]
    wanted += [r for r, u in zip(references, urgent, strict=True) if not u][::turn]
    query = {"topic": topic} if topic else {}
    assert walk_enquiries(stack, order=order, limit=limit, **query) == wanted


def test_enquiry_that_somebody_sees_to_is_in_order_of_time(stack: Stack) -> None:
    references = enquiries_waiting(stack, [False, True, False], "family")
    for reference in references:
        assert change_enquiry(stack, reference, "*", status="in_progress").status == 200
    assert walk_enquiries(stack, status="in_progress", order="oldest", limit="1") == references
