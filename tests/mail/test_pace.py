"""Mail keeps to SES's rate; what somebody waits for goes first; nothing starves or is lost."""

import json

import pytest

from chalicelib.mail.pace import share
from tests.acts import add_comment, post_enquiry
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Stack


def run(stack: Stack, seconds: int) -> list[list[str]]:
    """The kinds that were sent in each of `seconds`."""
    sent: list[list[str]] = []
    for _ in range(seconds):
        stack.later(seconds=1)
        stack.undelay()
        ses = FakeSes()
        stack.relay()
        stack.run_mail(ses)
        ids = [m["EmailTags"][0]["Value"] for m in ses.sent]
        kinds = {d["outbox_id"]: d["kind"] for d in deliveries(stack)}
        sent.append([kinds[i] for i in ids])
    return sent


@pytest.mark.parametrize("rate", [1, 2, 5])
def test_no_second_has_more_mail_than_the_rate_and_all_of_it_goes_out(stack: Stack, rate: int) -> None:
    stack.settings |= {"MAIL_RATE": str(rate), "RATE_LIMIT": "1000"}
    for number in range(8):
        add_comment(stack, message=f"{number}")
    for number in range(4):
        post_enquiry(stack, message=f"{number}", contact_by=["call"])
    seconds = run(stack, 20)
    assert max(len(second) for second in seconds) <= rate
    assert sum(len(second) for second in seconds) == 12
    assert {d["state"] for d in deliveries(stack)} == {"sent"}
    # Waiting burned no receive, and no attempt.
    assert {d["attempts"] for d in deliveries(stack)} == {"1"}


def test_what_goes_first_waits_least(stack: Stack) -> None:
    stack.settings |= {"MAIL_RATE": "1"}
    add_comment(stack)
    post_enquiry(stack, contact_by=["call"])
    run(stack, 2)
    stack.later(seconds=1)
    add_comment(stack, message="Two")
    add_comment(stack, message="Three")
    post_enquiry(stack, message="Two", contact_by=["call"])
    post_enquiry(stack, message="Three", contact_by=["call"])
    stack.relay()
    stack.run_mail(FakeSes())
    stack.relay()
    stack.delayed.clear()
    stack.run_mail(FakeSes())
    kinds = {d["outbox_id"]: d["kind"] for d in deliveries(stack)}
    waits: dict[str, set[int]] = {}
    for seconds, body in stack.delayed:
        waits.setdefault(kinds[json.loads(body)["outbox_id"]], set()).add(seconds)
    first, rest = waits.get("enquiry_submitted", {1}), waits.get("comment_submitted", {3})
    assert first == {1}
    assert min(rest) >= 3


@pytest.mark.parametrize("rate", [2, 4, 14, 100])
def test_each_has_its_turn_however_much_there_is_of_the_other(rate: int) -> None:
    seconds = range(1000, 1004)
    first = [share(rate, second, first=True) for second in seconds]
    rest = [share(rate, second, first=False) for second in seconds]
    assert max(first) == max(rest) == rate
    assert min(first + rest) >= 1
    if rate >= 4:
        assert all(a != b for a, b in zip(first, rest, strict=True))
        assert sum(first) > sum(rest)
