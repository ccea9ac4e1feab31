"""Deliveries, dead letters and held mail by command."""

import json

from tests.acts import add_comment
from tests.commands.typing import done, type_command
from tests.mail.mails import deliveries, ses_error
from tests.stack import FakeSes, Stack


def test_redriven_dead_letters_are_delivered_once(stack: Stack) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    for _ in range(2):
        body = json.dumps({"outbox_id": row["outbox_id"]})
        stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody=body)
    assert done(stack, "dead-letters", "redrive") == {"redriven": 2}
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 1
    assert done(stack, "dead-letters", "list") == {"count": 0, "dead_letters": []}


def test_dead_letters_are_listed_as_by_the_api(stack: Stack) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    for body in (json.dumps({"outbox_id": row["outbox_id"]}), "not one of ours\x1b[2J"):
        stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody=body)
    listed = done(stack, "dead-letters", "list")
    assert listed["count"] == 2
    by_id = {letter["outbox_id"]: letter["delivery"] for letter in listed["dead_letters"]}
    assert by_id == {row["outbox_id"]: done(stack, "deliveries", "list")["deliveries"][0], None: None}


def test_held_mail_is_resumed_at_once(stack: Stack) -> None:
    for number in range(3):
        add_comment(stack, message=f"{number}")
    stack.deliver(FakeSes(*[ses_error("SendingPausedException")] * 3))
    assert {d["state"] for d in deliveries(stack)} == {"held"}
    assert done(stack, "mail", "resume") == {"resumed": 3}
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 3


def test_deliveries_are_the_apis_and_what_wants_a_person_comes_first(stack: Stack) -> None:
    for number in range(3):
        add_comment(stack, message=f"{number}")
    stack.deliver(FakeSes(ses_error("SendingPausedException")))
    by_api = stack.call("GET", "/v1/staff/deliveries", role="admin").json["deliveries"]
    listed = done(stack, "deliveries", "list")
    assert listed == {"deliveries": by_api, "more": False}
    assert [entry["state"] for entry in by_api] == ["held", "sent", "sent"]
    assert done(stack, "deliveries", "list", "--limit", "2") == {"deliveries": by_api[:2], "more": True}
    assert done(stack, "deliveries", "list", "--state", "held")["deliveries"] == by_api[:1]


def test_no_list_of_deliveries_shows_an_address(stack: Stack) -> None:
    add_comment(stack)
    stack.deliver(FakeSes())
    for form in ((), ("--json",)):
        assert "@example.org" not in type_command(stack, "deliveries", "list", *form).out


def test_resent_delivery_is_mailed_again_and_audited(stack: Stack) -> None:
    add_comment(stack)
    stack.deliver(FakeSes())
    [row] = deliveries(stack)
    assert done(stack, "deliveries", "resend", row["outbox_id"])["state"] == "pending"
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 1
    [entry] = done(stack, "audit", "list", "--subject", row["outbox_id"])["entries"]
    assert (entry["action"], entry["from"], entry["to"]) == ("resend", "sent", "pending")


def test_delivery_that_is_under_way_or_unknown_is_not_sent_again(stack: Stack) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    seen = type_command(stack, "deliveries", "resend", row["outbox_id"], "--yes")
    assert (seen.code, seen.told) == (1, "Not done. It cannot go to that status from its own.")
    seen = type_command(stack, "deliveries", "resend", "d0", "--yes")
    assert (seen.code, seen.told) == (1, "There is no such delivery.")
