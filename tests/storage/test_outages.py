"""When DynamoDB refuses or times out: 503 with Retry-After on every route, and nothing half done."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.api.access import authorize
from chalicelib.api.requests import FORM
from chalicelib.api.routes import ROUTES
from chalicelib.errors import Unavailable
from chalicelib.staff_tokens import Role
from chalicelib.unsubscribing import make_unsubscribe_token
from tests.acts import (
    COMMENT,
    ENQUIRY,
    PAGE,
    add_comment,
    decision_link,
    everything_stored,
    post_enquiry,
    publish,
)
from tests.faults import OUTAGES, CancellingClient, FailingClient, desk_on
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Reply, Stack

# method, path, body, role, headers
CALLS: list[tuple[str, str, Any, Role | None, dict[str, str]]] = [
    ("POST", "/v1/comments", COMMENT, None, {}),
    ("GET", "/v1/comments", None, None, {}),
    ("GET", "/v1/comments.atom", None, None, {}),
    ("POST", "/v1/comments/counts", {"pages": ["/a"]}, None, {}),
    ("POST", "/v1/enquiries", ENQUIRY, None, {}),
    ("GET", "/v1/staff/comments", None, "moderator", {}),
    ("GET", "/v1/staff/comments/{comment_id}", None, "moderator", {}),
    ("PATCH", "/v1/staff/comments/{comment_id}", {"status": "approved"}, "moderator", {"if_match": '"1"'}),
    ("DELETE", "/v1/staff/comments/{comment_id}", None, "moderator", {}),
    ("POST", "/v1/staff/comments/{comment_id}/reply", {"message": "m"}, "moderator", {}),
    ("POST", "/v1/staff/comments/{comment_id}/enquiry", None, "moderator", {}),
    ("GET", "/v1/staff/pages", None, "moderator", {}),
    ("PATCH", "/v1/staff/pages", {"closed": True}, "moderator", {}),
    ("GET", "/v1/staff/stats", None, "admin", {}),
    ("GET", "/v1/staff/audit", None, "admin", {}),
    ("PATCH", "/v1/staff/enquiries/{reference}", {"status": "closed"}, "admissions", {"if_match": '"1"'}),
    ("GET", "/v1/staff/enquiries", None, "admissions", {}),
    ("GET", "/v1/staff/enquiries/{reference}", None, "admissions", {}),
    ("POST", "/unsubscribe/{token}", "", None, {}),
    ("GET", "/v1/staff/deliveries", None, "admin", {}),
    ("POST", "/v1/staff/deliveries/{delivery_id}/resend", None, "admin", {}),
    ("POST", "/v1/staff/people/export", {"email": COMMENT["email"]}, "admin", {}),
    ("POST", "/v1/staff/people/erase", {"email": COMMENT["email"]}, "admin", {}),
    ("GET", "/v1/staff/tokens", None, "admin", {}),
    ("POST", "/v1/staff/tokens", {"role": "admin"}, "admin", {}),
    ("DELETE", "/v1/staff/tokens/{token_id}", None, "admin", {}),
    ("GET", "/moderate/{token}", None, None, {}),
    ("POST", "/moderate/{token}", "status=approved", None, {"content_type": FORM}),
]
NEEDS_NO_STORAGE = {
    ("GET", "/v1/form"),
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/unsubscribe/{token}"),
    # The queue's; its outage is tried with the deliveries.
    ("GET", "/v1/staff/dead-letters"),
    # Tells of an outage decision by decision: see tests/api/test_bulk.py.
    ("POST", "/v1/staff/comments/bulk"),
}


def make(stack: Stack, call: tuple[str, str, Any, Role | None, dict[str, str]], client: Any) -> Reply:
    method, path, body, role, headers = call
    desk = desk_on(stack, "staff" if role or path.startswith("/moderate/") else "public", client)
    path = with_link(path, stack, "c0")
    path = path.replace("{token}", make_unsubscribe_token("1.ab", desk.hasher))
    query = {"page": PAGE} if path.startswith(("/v1/comments", "/v1/staff/pages")) else {}
    return stack.call(method, path, body, role=role, query=query, desk=desk, **headers)


def with_link(path: str, stack: Stack, comment_id: str) -> str:
    return decision_link(stack, comment_id) if path == "/moderate/{token}" else path


def assert_unavailable(reply: Reply) -> None:
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) >= 1
    if reply.headers["content-type"] == "application/problem+json":
        assert reply.json["code"] == "unavailable"
    else:
        assert "<h1>Not available now</h1>" in reply.text
    assert "visitor" not in reply.text


def test_every_route_that_needs_storage_is_tried_here() -> None:
    tried = {(method, path) for method, path, *_ in CALLS}
    needing = {
        (r.method, r.path)
        for r in ROUTES
        if (r.method, r.path) not in NEEDS_NO_STORAGE and r.handler.__name__ != "serve_file"
    }
    assert tried == needing


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_route_answers_503_whatever_the_outage(
    stack: Stack, call: tuple[str, str, Any, Role | None, dict[str, str]]
) -> None:
    for outage in OUTAGES.values():
        client = FailingClient(outage)
        assert_unavailable(make(stack, call, client))
        # botocore has its own few retries; on top of them there are none.
        assert len(client.calls) == 1


@pytest.mark.parametrize("path", ["/v1/form", "/healthz", "/openapi.json"])
def test_what_needs_no_storage_answers_through_an_outage(stack: Stack, path: str) -> None:
    desk = desk_on(stack, "public", FailingClient(OUTAGES["throttled"]))
    assert stack.call("GET", path, query={"kind": "comment"}, desk=desk).status == 200


CHANGES = [call for call in CALLS if call[0] != "GET" and "counts" not in call[1]]


@pytest.mark.parametrize("call", CHANGES, ids=lambda call: f"{call[0]} {call[1]}")
def test_failed_transaction_leaves_every_table_as_it_was(
    stack: Stack, call: tuple[str, str, Any, Role | None, dict[str, str]]
) -> None:
    method, path, *rest = call
    comment_id = add_comment(stack, message="Another.")
    path = with_link(path.replace("{comment_id}", comment_id), stack, comment_id)
    if "{delivery_id}" in path:
        stack.deliver(FakeSes())
        path = path.replace("{delivery_id}", str(deliveries(stack)[0]["outbox_id"]))
    if "{reference}" in path:
        path = path.replace("{reference}", post_enquiry(stack).json["reference"])
    before = everything_stored(stack)
    # Only the transaction fails: whatever was written beside it would be found.
    failing: list[Any] = [
        FailingClient(e, stack.dynamodb, ("transact_write_items",)) for e in OUTAGES.values()
    ]
    failing += [
        CancellingClient(code, stack.dynamodb)
        for code in ("TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError")
    ]
    for client in failing:
        assert_unavailable(make(stack, (method, path, *rest), client))
    assert everything_stored(stack) == before


def test_submission_is_committed_once_when_the_conflict_has_passed(stack: Stack) -> None:
    client = CancellingClient("TransactionConflict", stack.dynamodb, times=3)
    reply = stack.call("POST", "/v1/comments", COMMENT, desk=desk_on(stack, "public", client))
    assert (reply.status, client.commits) == (202, 1)
    assert [i["comment_id"]["S"] for i in stack.items("CommentsTable")] == [reply.json["id"]]
    assert len(stack.items("OutboxTable")) == 1
    # It is 05:06:07: one tick of the network's bucket is taken, a minute.
    [bucket] = stack.items("GuardTable")
    assert datetime.fromtimestamp(int(bucket["full_until"]["N"]) // 1_000_000, UTC).minute == 7


def test_private_field_is_not_shown_when_the_reading_cannot_be_audited(stack: Stack) -> None:
    comment_id = publish(stack)
    desk = desk_on(
        stack, "staff", FailingClient(OUTAGES["throttled"], stack.dynamodb, ("transact_write_items",))
    )
    for path in (f"/v1/staff/comments/{comment_id}", "/v1/staff/comments"):
        reply = stack.call("GET", path, role="moderator", query={"status": "approved"}, desk=desk)
        assert_unavailable(reply)


def test_authorizer_does_not_take_an_outage_for_a_bad_token(stack: Stack) -> None:
    desk = desk_on(stack, "authorizer", FailingClient(OUTAGES["throttled"]))
    with pytest.raises(Unavailable):
        authorize("Bearer fd_t1_x", "arn:aws:execute-api:r:1:api/prod/GET/x", desk)
