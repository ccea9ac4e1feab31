"""Metrics of what visitors send and staff decide: each thing that was stored once, and nothing else."""

import json
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.acts import (
    COMMENT,
    ENQUIRY,
    add_comment,
    change_enquiry,
    decide,
    decision_link,
    erase,
    post_comment,
    post_enquiry,
    press,
    publish,
)
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import Stack

URGENT = "I took all the pills and I want to die tonight."
SPAM = {"website": "https://shop.example"}

Counted = Callable[[], dict[str, float]]


@pytest.fixture
def counted(caplog: pytest.LogCaptureFixture) -> Counted:
    """What CloudWatch would make of the lines since it was last asked."""
    caplog.set_level(logging.INFO, "frontdesk")

    def add_up() -> dict[str, float]:
        found: Counter[str] = Counter()
        for line in (json.loads(r.getMessage()) for r in caplog.records if r.name == "frontdesk"):
            if "_aws" in line:
                [described] = line["_aws"]["CloudWatchMetrics"]
                assert described["Dimensions"] == [["Stage"]]
                found.update({metric["Name"]: line[metric["Name"]] for metric in described["Metrics"]})
        caplog.clear()
        return dict(found)

    return add_up


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"CommentsSubmitted", "CommentsHeld"}),
        (SPAM, {"CommentsSubmitted", "CommentsSpam"}),
        ({"message": URGENT}, {"CommentsSubmitted", "CommentsHeld", "CommentsUrgent"}),
    ],
)
def test_comment_is_counted_as_it_was_judged_on_arrival(
    stack: Stack, counted: Counted, fields: dict[str, Any], expected: set[str]
) -> None:
    add_comment(stack, **fields)
    assert counted() == dict.fromkeys(expected, 1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"EnquiriesSubmitted"}),
        (SPAM, {"EnquiriesSubmitted", "EnquiriesSpam"}),
        ({"message": URGENT}, {"EnquiriesSubmitted", "EnquiriesUrgent"}),
    ],
)
def test_enquiry_is_counted_as_it_was_judged_on_arrival(
    stack: Stack, counted: Counted, fields: dict[str, Any], expected: set[str]
) -> None:
    assert post_enquiry(stack, **fields).status == 202
    assert counted() == dict.fromkeys(expected, 1)


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "one"}])
@pytest.mark.parametrize(("path", "body"), [("/v1/comments", COMMENT), ("/v1/enquiries", ENQUIRY)])
def test_replay_counts_nothing(
    stack: Stack, counted: Counted, path: str, body: dict[str, str], headers: dict[str, Any]
) -> None:
    first = stack.call("POST", path, body, **headers)
    assert counted()
    again = stack.call("POST", path, body, **headers)
    assert (again.status, again.json) == (first.status, first.json)
    assert counted() == {}


def test_comment_that_is_published_at_once_was_not_held(stack: Stack, counted: Counted) -> None:
    stack.settings |= {"TRUST_AFTER": "1"}
    publish(stack, message="Before.")
    counted()
    token = stack.call("GET", "/v1/form", query={"kind": "comment"}).json["form_token"]
    stack.later(seconds=5)
    for _first_and_replay in range(2):
        assert post_comment(stack, message="Ninety days.", form_token=token).status == 201
    # No moderator decided it.
    assert counted() == {"CommentsSubmitted": 1}


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/enquiries"])
def test_what_was_refused_or_not_stored_counts_nothing(stack: Stack, counted: Counted, path: str) -> None:
    body = COMMENT if path == "/v1/comments" else ENQUIRY
    assert stack.call("POST", path, body | {"email": "robin"}).status == 422
    down = desk_on(stack, "public", FailingClient(next(iter(OUTAGES.values()))))
    assert stack.call("POST", path, body, desk=down).status == 503
    assert stack.call("POST", path, body, idempotency_key="one").status == 202
    counted()
    assert stack.call("POST", path, body | {"message": "Other."}, idempotency_key="one").status == 422
    assert counted() == {}


DECISIONS = {"approved": "CommentsApproved", "rejected": "CommentsRejected", "spam": "CommentsMarkedSpam"}


@pytest.mark.parametrize(("status", "metric"), DECISIONS.items())
def test_decision_is_counted_by_each_way_to_make_it(
    stack: Stack, counted: Counted, status: str, metric: str
) -> None:
    ids = [add_comment(stack, message=f"{n}") for n in range(3)]
    link = decision_link(stack, ids[2])
    counted()
    assert decide(stack, ids[0], '"1"', status=status).status == 200
    assert counted() == {metric: 1}
    # One that is stale, one that is made twice: neither is done, and so not counted.
    wishes = [{"id": i, "revision": 1, "status": status} for i in (ids[0], ids[1], ids[1])]
    bulk = stack.call("POST", "/v1/staff/comments/bulk", {"decisions": wishes}, role="moderator")
    assert [result["status"] for result in bulk.json["results"]] == [412, 200, 412]
    assert counted() == {metric: 1}
    assert [press(stack, link, status).status for _ in range(2)] == [200, 409]
    assert counted() == {metric: 1}


def test_what_is_no_decision_is_not_counted(stack: Stack, counted: Counted) -> None:
    comment_id = publish(stack)
    counted()
    assert decide(stack, comment_id, '"2"', text="Ninety days.").status == 200
    assert decide(stack, comment_id, '"3"', status="pending").status == 200
    assert decide(stack, comment_id, '"3"', status="spam").status == 412
    assert erase(stack, comment_id).status == 204
    assert counted() == {}


def test_enquiry_is_counted_when_it_is_closed(stack: Stack, counted: Counted) -> None:
    reference = post_enquiry(stack).json["reference"]
    counted()
    assert change_enquiry(stack, reference, '"1"', status="in_progress", note="Called.").status == 200
    assert change_enquiry(stack, reference, '"1"', status="closed").status == 412
    assert counted() == {}
    assert change_enquiry(stack, reference, '"2"', status="closed").status == 200
    assert counted() == {"EnquiriesClosed": 1}
    assert change_enquiry(stack, reference, '"3"', assignee="Kim").status == 200
    assert counted() == {}
