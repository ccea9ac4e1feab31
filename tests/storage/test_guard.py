"""Rates: each network has its share and no more; of an address that much comes from staff are told."""

from typing import Any

import pytest

from tests.acts import COMMENT, ENQUIRY, everything_stored, post_comment
from tests.stack import Reply, Stack
from tests.storage.test_round_trips import watched


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
    stack.settings |= {"RATE_LIMIT": f"{limit}", "RATE_WINDOW": f"{window}"}
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


def test_of_an_address_that_much_comes_from_staff_are_told_and_nobody_else(stack: Stack) -> None:
    stack.settings["ADDRESS_RATE_LIMIT"] = "2"
    ids = []
    for n in range(4):
        ids.append(post(stack, f"{n}", ip=f"198.51.100.{n}").json["id"])
        stack.later(seconds=1)
    told = ["address_rate" in reasons_of(stack, comment_id) for comment_id in ids]
    assert told == [False, False, True, True]
    other = post(stack, "4", email="other@visitor.example")
    assert "address_rate" not in reasons_of(stack, other.json["id"])
    # Of the four, those within ten minutes count: from here on the last alone.
    stack.later(seconds=598)
    assert "address_rate" not in reasons_of(stack, post(stack, "5").json["id"])
    # Told of a comment as it was when it came, however long ago that is.
    stack.later(hours=1)
    assert "address_rate" in reasons_of(stack, ids[3])
    listed = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert "address_rate" not in {reason["code"] for comment in listed for reason in comment["reasons"]}


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/enquiries"])
def test_what_a_submission_costs_does_not_tell_whether_its_address_wrote_just_now(
    stack: Stack, path: str
) -> None:
    """Else an answer's time would tell a husband whether his wife wrote, for anybody can type her address."""
    stack.settings["ADDRESS_RATE_LIMIT"] = "1"
    body = COMMENT if path == "/v1/comments" else ENQUIRY
    for n in range(3):
        assert stack.call("POST", path, body | {"message": f"{n}"}, ip=f"198.51.100.{n}").status == 202
    calls = {}
    for ip, email in (("192.0.2.1", body["email"]), ("192.0.2.2", "never@visitor.example")):
        desk = stack.fresh_desk("public")
        with watched(desk) as calls[email]:
            reply = stack.call("POST", path, body | {"email": email, "message": "x"}, ip=ip, desk=desk)
        assert reply.status == 202
    assert [[name for name, _ in made] for made in calls.values()] == [["TransactWriteItems"]] * 2


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
    assert len(buckets) == 1
    for bucket in buckets.values():
        assert "203.0.113" not in repr(bucket)
        assert "robin" not in repr(bucket).lower()
        assert 0 < int(bucket["expires_at"]["N"]) - two_each.now.timestamp() <= 1200
