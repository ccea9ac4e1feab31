"""Rates: each network has its share and no more; an address that much comes from is looked at twice."""

from typing import Any

import pytest

from chalicelib.storage.guard import written_key
from tests.acts import COMMENT, ENQUIRY, everything_stored, post_comment
from tests.stack import Reply, Stack


@pytest.fixture
def two_each(stack: Stack) -> Stack:
    stack.settings["RATE_LIMIT"] = "2"
    return stack


def post(
    stack: Stack,
    message: str,
    ip: str = "203.0.113.7",
    email: str = COMMENT["email"],
    **how: Any,
) -> Reply:
    return stack.call("POST", "/v1/comments", COMMENT | {"message": message, "email": email}, ip=ip, **how)


def test_network_that_sent_its_share_waits_for_the_next_tick(two_each: Stack) -> None:
    assert [post(two_each, m).status for m in "ab"] == [202, 202]
    before = everything_stored(two_each)
    reply = post(two_each, "c")
    assert (reply.status, reply.json["code"]) == (429, "rate_limited")
    # It is 05:06:07, and two in ten minutes is one each five: there is room again at 05:10:00.
    assert reply.headers["retry-after"] == "233"
    assert everything_stored(two_each) == before
    two_each.later(seconds=232)
    assert post(two_each, "c").headers["retry-after"] == "1"
    two_each.later(seconds=1)
    assert [post(two_each, m).status for m in "cd"] == [202, 429]


@pytest.mark.parametrize(("limit", "window"), [(1, 1), (1, 600), (2, 600), (7, 600), (10, 600), (3, 86400)])
@pytest.mark.parametrize("fresh", [False, True])
def test_who_comes_back_as_told_is_taken_and_a_second_earlier_is_not(
    stack: Stack, limit: int, window: int, fresh: bool
) -> None:
    stack.settings |= {"RATE_LIMIT": f"{limit}", "RATE_WINDOW": f"{window}", "ADDRESS_RATE_LIMIT": "100"}
    desk = stack.desk("public")

    def send() -> Reply:
        body = COMMENT | {"message": f"{stack.now}"}
        return stack.call("POST", "/v1/comments", body, desk=stack.fresh_desk("public") if fresh else desk)

    taken = 0
    for _ in range(limit + 4):
        stack.later(milliseconds=37)
        reply = send()
        if reply.status == 429:
            wait = int(reply.headers["retry-after"])
            assert 1 <= wait <= -(-window // limit)
            stack.later(seconds=wait - 1.001)
            assert wait == 1 or send().status == 429
            stack.later(seconds=1.001)
            reply = send()
        assert reply.status == 202
        taken += 1
    assert taken == limit + 4


def test_idle_network_saves_up_no_more_than_its_share(two_each: Stack) -> None:
    for _ in range(3):
        assert [post(two_each, f"{two_each.now} {n}").status for n in range(3)] == [202, 202, 429]
        two_each.later(hours=5)


def test_bucket_that_was_erased_is_empty_though_this_process_filled_it(two_each: Stack) -> None:
    post(two_each, "a")
    for item in two_each.items("GuardTable"):
        key = {"guard_key": item["guard_key"]}
        two_each.dynamodb.delete_item(TableName=two_each.table("GuardTable"), Key=key)
    assert [post(two_each, m).status for m in "bcd"] == [202, 202, 429]


def test_bucket_that_was_filled_under_other_settings_locks_nobody_out(stack: Stack) -> None:
    stack.settings |= {"RATE_LIMIT": "1", "RATE_WINDOW": "86400"}
    assert [post(stack, m).status for m in "ab"] == [202, 429]
    stack.settings |= {"RATE_LIMIT": "10", "RATE_WINDOW": "600"}
    assert post(stack, "b", desk=stack.fresh_desk("public")).status == 202


def reasons_of(stack: Stack, comment_id: str) -> list[str]:
    shown = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
    return [reason["code"] for reason in shown["reasons"]]


def test_address_that_much_comes_from_is_held_with_a_reason_and_never_refused(stack: Stack) -> None:
    """Else whoever knows an address could keep its owner from writing."""
    stack.settings["ADDRESS_RATE_LIMIT"] = "2"
    replies = [post(stack, f"{n}", ip=f"198.51.100.{n}") for n in range(4)]
    # What the visitor sees is the same.
    assert {reply.status for reply in replies} == {202}
    assert [{**r.json, "id": ""} for r in replies] == [{**replies[0].json, "id": ""}] * 4
    found = [reasons_of(stack, reply.json["id"]) for reply in replies]
    assert [("address_rate" in codes) for codes in found] == [False, False, True, True]
    other = post(stack, "4", email="other@visitor.example")
    assert "address_rate" not in reasons_of(stack, other.json["id"])
    stack.later(minutes=5)
    assert "address_rate" not in reasons_of(stack, post(stack, "5").json["id"])


def test_enquiries_under_one_address_are_looked_at_twice_too(stack: Stack) -> None:
    stack.settings["ADDRESS_RATE_LIMIT"] = "1"
    references = [
        stack.call("POST", "/v1/enquiries", ENQUIRY | {"message": m}).json["reference"] for m in "ab"
    ]
    found = [
        stack.call("GET", f"/v1/staff/enquiries/{r}", role="admissions").json["reasons"] for r in references
    ]
    assert [[r["code"] for r in reasons][1:] for reasons in found] == [[], ["address_rate"]]


def test_network_over_its_rate_is_refused_whatever_its_address_is(two_each: Stack) -> None:
    two_each.settings["ADDRESS_RATE_LIMIT"] = "1"
    assert [post(two_each, m).status for m in "abc"] == [202, 202, 429]


def test_comments_and_enquiries_share_the_limit(two_each: Stack) -> None:
    post(two_each, "a")
    assert two_each.call("POST", "/v1/enquiries", ENQUIRY).status == 202
    assert two_each.call("POST", "/v1/enquiries", ENQUIRY | {"message": "b"}).status == 429
    assert post(two_each, "b").status == 429


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
def test_replay_at_the_limit_gets_its_first_answer_and_is_not_counted(
    two_each: Stack, headers: dict[str, Any]
) -> None:
    first = post(two_each, "a", **headers)
    for _ in range(4):
        assert post(two_each, "a", **headers).json == first.json
    assert post(two_each, "b").status == 202
    assert post(two_each, "c").status == 429
    assert post(two_each, "a", **headers).json == first.json


def test_refused_submission_is_not_counted(two_each: Stack) -> None:
    for _ in range(3):
        assert post_comment(two_each, email="x").status == 422
        assert post_comment(two_each, parent_id="c0").status == 422
    assert [post(two_each, m).status for m in "abc"] == [202, 202, 429]


@pytest.mark.parametrize(
    ("ip", "other", "same_network"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
    ],
)
def test_network_is_an_address_or_an_ipv6_64(
    two_each: Stack, ip: str, other: str, same_network: bool
) -> None:
    assert [post(two_each, m, ip).status for m in "abc"] == [202, 202, 429]
    assert post(two_each, "d", other).status == (429 if same_network else 202)


def test_what_visitors_claim_about_their_address_does_not_count(two_each: Stack) -> None:
    claims = ["198.51.100.1", "198.51.100.2", "198.51.100.3"]
    statuses = [post(two_each, ip, x_forwarded_for=ip, forwarded=f"for={ip}").status for ip in claims]
    assert statuses == [202, 202, 429]


def test_bucket_holds_no_address_and_expires(two_each: Stack) -> None:
    post(two_each, "a")
    buckets = {item["guard_key"]["S"]: item for item in two_each.items("GuardTable")}
    own = written_key(two_each.desk("staff").hasher.address(COMMENT["email"]))
    assert [own in buckets, len(buckets)] == [True, 2]
    for bucket in buckets.values():
        assert "203.0.113" not in repr(bucket)
        assert "robin" not in repr(bucket).lower()
        assert 0 < int(bucket["expires_at"]["N"]) - two_each.now.timestamp() <= 1200
