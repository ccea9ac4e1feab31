"""A row that cannot be opened harms no other: it is shown as such, and nothing is lost by it."""

import pytest

from chalicelib.storage.seal import UNREADABLE
from tests.acts import add_comment, decide, post_enquiry
from tests.commands.typing import type_command
from tests.stack import Stack


def spoil(stack: Stack, table: str, key: dict[str, dict[str, str]], sealed: bytes = b"s1:garbage") -> None:
    stack.dynamodb.update_item(
        TableName=stack.table(table),
        Key=key,
        UpdateExpression="SET letter_sealed = :sealed",
        ExpressionAttributeValues={":sealed": {"B": sealed}},
    )


@pytest.mark.parametrize("sealed", [b"", b"s1:garbage", b"s9:x", b"no colon", b"\xff:\xff"])
def test_comment_that_cannot_be_opened_does_not_hide_the_others(stack: Stack, sealed: bytes) -> None:
    spoilt, whole = add_comment(stack), add_comment(stack, message="Another.")
    spoil(stack, "CommentsTable", {"comment_id": {"S": spoilt}}, sealed)
    listed = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert {c["id"]: c["text"] for c in listed} == {spoilt: UNREADABLE, whole: "Another."}


def test_comment_that_cannot_be_opened_is_not_overwritten_by_a_decision(stack: Stack) -> None:
    spoilt = add_comment(stack)
    spoil(stack, "CommentsTable", {"comment_id": {"S": spoilt}})
    for change in ({"status": "approved"}, {"text": "x"}):
        reply = decide(stack, spoilt, '"1"', **change)
        assert (reply.status, reply.json["code"]) == (409, "illegal_transition")
    [item] = stack.items("CommentsTable")
    assert item["letter_sealed"]["B"] == b"s1:garbage"


def test_enquiry_that_cannot_be_opened_does_not_hide_the_others(stack: Stack) -> None:
    spoilt = post_enquiry(stack).json["reference"]
    post_enquiry(stack, message="Another.")
    spoil(stack, "EnquiriesTable", {"reference": {"S": spoilt}})
    listed = stack.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
    assert {e["message"] for e in listed} == {UNREADABLE, "Another."}


def test_resealing_goes_on_behind_what_cannot_be_opened(stack: Stack) -> None:
    for n in range(3):
        spoilt = add_comment(stack, message=f"{n}")
    spoil(stack, "CommentsTable", {"comment_id": {"S": spoilt}}, b"s0:older key")
    # An operator who is about to take an old key out must hear of what would be lost with it.
    seen = type_command(stack, "keys", "reseal", "--yes", "--json")
    assert (seen.code, seen.json["resealed"]["comments"], seen.json["unreadable"]) == (1, 0, 1)
