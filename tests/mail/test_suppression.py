"""Who bounces or complains is not mailed again; staff whom mail does not reach have a second address."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.mail.handlers import note_event
from chalicelib.privacy.hashing import Hasher
from tests.acts import COMMENT, ENQUIRY, add_comment, post_enquiry, publish
from tests.mail.mails import deliveries, ses_error
from tests.stack import FakeSes, Stack


def report(stack: Stack, name: str, delivery_id: str, attempt: int = 1, **detail: Any) -> None:
    mail = {"messageId": "m9", "tags": {"delivery": [delivery_id], "attempt": [str(attempt)]}}
    note_event({"detail": {"eventType": name, "mail": mail, **detail}}, stack.desk("delivery_events"))


def delivered(stack: Stack) -> dict[str, str]:
    """Deliver everything; return each address that got something, with its last delivery's id."""
    ses = FakeSes()
    stack.deliver(ses)
    return {m["Destination"]["ToAddresses"][0]: m["EmailTags"][0]["Value"] for m in ses.sent}


PERMANENT: dict[str, Any] = {"bounce": {"bounceType": "Permanent"}}


@pytest.mark.parametrize(
    ("name", "detail", "again"),
    [
        ("Bounce", PERMANENT, False),
        ("Bounce", {"bounce": {"bounceType": "Transient"}}, True),
        ("Bounce", {"bounce": {"bounceType": "Undetermined"}}, True),
        ("Complaint", {"complaint": {}}, False),
        ("Reject", {}, True),
        ("Delivery", {}, True),
    ],
)
def test_visitor_is_mailed_again_only_where_mail_is_wanted_and_arrives(
    stack: Stack, name: str, detail: dict[str, Any], again: bool
) -> None:
    publish(stack, notify=True)
    report(stack, name, delivered(stack)[COMMENT["email"]], **detail)
    publish(stack, notify=True, message="Another.", email=COMMENT["email"].upper())
    assert any(a.casefold() == COMMENT["email"] for a in delivered(stack)) is again
    assert COMMENT["email"] not in str(stack.items("SuppressionsTable"))


def test_staff_address_that_bounces_is_mailed_at_the_second_address_once(stack: Stack) -> None:
    stack.settings["MAIL_FALLBACK"] = "second@example.org"
    post_enquiry(stack, contact_by=["call"])
    bounced = delivered(stack)["adm@example.org"]
    for _ in range(3):
        report(stack, "Bounce", bounced, **PERMANENT)
    ses = FakeSes()
    stack.deliver(ses)
    to = [m["Destination"]["ToAddresses"] for m in ses.sent]
    assert to == [["second@example.org"]] * 2
    assert sorted(d["kind"] for d in deliveries(stack) if d["outbox_id"] != bounced) == [
        "enquiry_submitted",
        "mail_bounced",
    ]
    # From now on at once, and what bounces there goes round in no circle.
    post_enquiry(stack, message="Next.", contact_by=["call"])
    sent = delivered(stack)
    assert list(sent) == ["second@example.org"]
    report(stack, "Bounce", sent["second@example.org"], **PERMANENT)
    assert delivered(stack) == {}


def test_staff_address_that_bounces_is_tried_on_where_there_is_no_second(stack: Stack) -> None:
    add_comment(stack)
    report(stack, "Bounce", delivered(stack)["mod@example.org"], **PERMANENT)
    add_comment(stack, message="Next.")
    assert list(delivered(stack)) == ["mod@example.org"]


def test_suppression_outlives_a_rotation_of_the_hash_secret(stack: Stack) -> None:
    publish(stack, notify=True)
    report(stack, "Complaint", delivered(stack)[COMMENT["email"]])
    [item] = stack.items("SuppressionsTable")
    key_id = item["address_hmac"]["S"].partition(".")[0]
    before = stack.desk("mail").hasher
    rotated = Hasher({key_id: before._secret, "new": b"n" * 32})
    for function in ("mail", "public", "staff"):
        stack._desks[function] = replace(stack.desk(function), hasher=rotated)
    publish(stack, notify=True, message="Another.")
    assert COMMENT["email"] not in delivered(stack)


def test_report_on_an_attempt_before_staff_resent_it_says_nothing_of_the_one_to_come(stack: Stack) -> None:
    add_comment(stack)
    delivery_id = delivered(stack)["mod@example.org"]
    path = f"/v1/staff/deliveries/{delivery_id}/resend"
    assert stack.call("POST", path, role="moderator").json["state"] == "pending"
    report(stack, "Delivery", delivery_id, attempt=1)
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 1
    report(stack, "Delivery", delivery_id, attempt=2)
    assert [d["state"] for d in deliveries(stack)] == ["delivered"]


def test_enquirer_whose_address_bounces_is_not_acknowledged_again(stack: Stack) -> None:
    post_enquiry(stack)
    report(stack, "Bounce", delivered(stack)[ENQUIRY["email"]], **PERMANENT)
    stack.later(days=2)
    post_enquiry(stack, message="Are you there?")
    assert ENQUIRY["email"] not in delivered(stack)


def test_staff_mail_that_waited_goes_to_the_second_address_once_the_first_is_suppressed(stack: Stack) -> None:
    stack.settings["MAIL_FALLBACK"] = "second@example.org"
    post_enquiry(stack, contact_by=["call"])
    bounced = delivered(stack)["adm@example.org"]
    post_enquiry(stack, message="Waits.", contact_by=["call"])
    stack.deliver(FakeSes(ses_error("SendingPausedException")))
    report(stack, "Bounce", bounced, **PERMANENT)
    delivered(stack)
    stack.later(minutes=11)
    stack.keep_house()
    ses = FakeSes()
    stack.run_mail(ses)
    stack.deliver(ses)
    assert [m["Destination"]["ToAddresses"] for m in ses.sent] == [["second@example.org"]]
    waited = [d for d in deliveries(stack) if d.get("reason") == "readdressed"]
    assert [d["state"] for d in waited] == ["failed"]


def test_staff_mail_that_waited_goes_to_who_is_in_the_settings_now_and_to_nobody_twice(stack: Stack) -> None:
    stack.settings["MODERATORS"] = "mod@example.org,leaves@example.org"
    add_comment(stack)
    ses = FakeSes(*[ses_error("SendingPausedException")] * 2)
    stack.deliver(ses)
    stack._desks.clear()
    stack.settings["MODERATORS"] = "mod@example.org,new@example.org"
    stack.later(minutes=11)
    stack.keep_house()
    stack.run_mail(ses)
    stack.deliver(ses)
    to = sorted(m["Destination"]["ToAddresses"][0] for m in ses.sent)
    assert to == ["mod@example.org", "new@example.org"]


def test_two_staff_addresses_that_bounce_are_one_mail_to_the_second_address(stack: Stack) -> None:
    stack.settings["MAIL_FALLBACK"] = "second@example.org"
    post_enquiry(stack, topic="family", contact_by=["call"])
    for bounced in delivered(stack).values():
        report(stack, "Bounce", bounced, **PERMANENT)
    ses = FakeSes()
    stack.deliver(ses)
    kinds = {d["outbox_id"]: d["kind"] for d in deliveries(stack)}
    sent = sorted(str(kinds[m["EmailTags"][0]["Value"]]) for m in ses.sent)
    # One of the enquiry; and word of each address.
    assert sent == ["enquiry_submitted", "mail_bounced", "mail_bounced"]


def test_digest_that_bounces_tells_the_second_address_of_as_many(stack: Stack) -> None:
    stack.settings |= {"MAIL_FALLBACK": "second@example.org", "DIGEST_MINUTES": "10"}
    for number in range(4):
        add_comment(stack, message=f"{number}")
    delivered(stack)
    stack.later(minutes=10)
    stack.keep_house()
    ses = FakeSes()
    stack.run_mail(ses)
    stack.deliver(ses)
    [digest] = [d for d in deliveries(stack) if d["kind"] == "comment_digest"]
    report(stack, "Bounce", str(digest["outbox_id"]), **PERMANENT)
    assert {d["count"] for d in deliveries(stack) if d["kind"] == "comment_digest"} == {"3"}


def test_who_unsubscribes_from_mail_about_comments_still_has_all_other_mail(stack: Stack) -> None:
    """Staff may comment too; and who asks admissions gets the crisis lines."""
    for address in ("adm@example.org", ENQUIRY["email"]):
        stack.desk("public").store.unsubscribe(stack.desk("public").hasher.address(address), stack.now)
    stack.settings["MAIL_FALLBACK"] = "second@example.org"
    post_enquiry(stack)
    assert set(delivered(stack)) == {"adm@example.org", ENQUIRY["email"]}
    publish(stack, notify=True, email="adm@example.org")
    assert set(delivered(stack)) == {"mod@example.org"}


@pytest.mark.parametrize("unsubscribes_first", [True, False])
def test_bounce_counts_whether_or_not_somebody_unsubscribed(stack: Stack, unsubscribes_first: bool) -> None:
    address_hmac = stack.desk("public").hasher.address(ENQUIRY["email"])

    def unsubscribe() -> None:
        stack.desk("public").store.unsubscribe(address_hmac, stack.now)

    post_enquiry(stack)
    sent = delivered(stack)[ENQUIRY["email"]]
    if unsubscribes_first:
        unsubscribe()
    report(stack, "Bounce", sent, **PERMANENT)
    if not unsubscribes_first:
        unsubscribe()
    stack.later(days=2)
    post_enquiry(stack, message="Again")
    assert ENQUIRY["email"] not in delivered(stack)


@pytest.mark.parametrize("late", ["Complaint", "Bounce"])
def test_report_too_late_for_its_mail_still_counts_for_the_address(stack: Stack, late: str) -> None:
    publish(stack, notify=True)
    sent = delivered(stack)[COMMENT["email"]]
    report(stack, "Bounce", sent, bounce={"bounceType": "Transient"})
    stack.call("POST", f"/v1/staff/deliveries/{sent}/resend", role="moderator")
    stack.run_mail(FakeSes())
    # Of the first attempt; the row is about the second by now.
    report(stack, late, sent, attempt=1, **PERMANENT)
    publish(stack, notify=True, message="Another.")
    assert COMMENT["email"] not in delivered(stack)
