"""The rate limit: each network has its share of each window, and no more."""

from typing import Any

import pytest

from tests.acts import COMMENT, ENQUIRY, everything_stored, post_comment
from tests.stack import Reply, Stack


@pytest.fixture
def two_each(stack: Stack) -> Stack:
    stack.settings["RATE_LIMIT"] = "2"
    return stack


def post(stack: Stack, message: str, ip: str = "203.0.113.7", **headers: Any) -> Reply:
    return stack.call("POST", "/v1/comments", COMMENT | {"message": message}, ip=ip, **headers)


def test_third_submission_of_a_window_waits_for_the_next(two_each: Stack) -> None:
    assert [post(two_each, m).status for m in "ab"] == [202, 202]
    before = everything_stored(two_each)
    reply = post(two_each, "c")
    assert (reply.status, reply.json["code"]) == (429, "rate_limited")
    # It is 05:06:07, and a window of ten minutes ends at 05:10:00.
    assert reply.headers["retry-after"] == "233"
    assert everything_stored(two_each) == before
    two_each.later(seconds=232)
    assert post(two_each, "c").headers["retry-after"] == "1"
    two_each.later(seconds=1)
    assert post(two_each, "c").status == 202


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
    [bucket] = two_each.items("GuardTable")
    assert "203.0.113" not in repr(bucket)
    assert 0 < int(bucket["expires_at"]["N"]) - two_each.now.timestamp() <= 1200
