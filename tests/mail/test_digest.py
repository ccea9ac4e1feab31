"""Many comments in a short time: the first is mailed at once, the others together at the end."""

import pytest

from tests.acts import add_comment
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Stack


def kinds(stack: Stack) -> list[str]:
    """Deliver everything that is due; return the kinds of what was sent."""
    stack.keep_house()
    ses = FakeSes()
    stack.deliver(ses)
    stack.run_mail(ses)
    stack.deliver(ses)
    known = {d["outbox_id"]: d["kind"] for d in deliveries(stack)}
    return sorted(known[m["EmailTags"][0]["Value"]] for m in ses.sent)


@pytest.fixture
def digests(stack: Stack) -> Stack:
    stack.settings["DIGEST_MINUTES"] = "10"
    return stack


def test_first_is_mailed_at_once_and_the_rest_in_one(digests: Stack) -> None:
    for number in range(5):
        add_comment(digests, message=f"{number}")
    assert kinds(digests) == ["comment_submitted"]
    digests.later(minutes=10)
    assert kinds(digests) == ["comment_digest"]
    [digest] = [d for d in deliveries(digests) if d["kind"] == "comment_digest"]
    assert digest["count"] == "4"
    digests.later(minutes=30)
    assert kinds(digests) == []


def test_one_comment_alone_makes_no_digest(digests: Stack) -> None:
    add_comment(digests)
    assert kinds(digests) == ["comment_submitted"]
    digests.later(minutes=10)
    assert kinds(digests) == []


def test_each_stretch_of_time_has_its_own(digests: Stack) -> None:
    for stretch in range(3):
        for number in range(2):
            add_comment(digests, message=f"{stretch} {number}")
        assert "comment_submitted" in kinds(digests)
        digests.later(minutes=10)
    assert kinds(digests) == ["comment_digest"]
    assert sum(d["kind"] == "comment_digest" for d in deliveries(digests)) == 3


def test_comment_that_comes_when_its_digest_is_out_goes_by_itself(digests: Stack) -> None:
    """Another environment's clock may be ahead."""
    add_comment(digests)
    add_comment(digests, message="Two")
    kinds(digests)
    late = digests.now
    digests.later(minutes=10)
    kinds(digests)
    digests.now = late
    add_comment(digests, message="Late")
    assert kinds(digests) == ["comment_submitted"]


def test_spam_opens_no_digest(digests: Stack) -> None:
    add_comment(digests, website="x")
    assert kinds(digests) == []
    add_comment(digests, message="Two")
    assert kinds(digests) == ["comment_submitted"]


def test_digest_that_is_brought_too_early_waits(digests: Stack) -> None:
    add_comment(digests)
    add_comment(digests, message="Two")
    for _ in range(3):
        kinds(digests)
        digests.later(minutes=1)
    assert not any(d["kind"] == "comment_digest" for d in deliveries(digests))
