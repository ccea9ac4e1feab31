"""What is urgent is mailed at once to who is on call, and again until somebody has opened it."""

import pytest

from tests.acts import add_comment, change_enquiry, decide, decision_link, post_enquiry
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Stack

DANGER = "I relapsed last night and I want to die."


def alerts(stack: Stack) -> list[str]:
    """Deliver everything that is due; return to whom the urgent ones went."""
    stack.keep_house()
    ses = FakeSes()
    stack.deliver(ses)
    stack.run_mail(ses)
    stack.deliver(ses)
    known = {d["outbox_id"]: d["kind"] for d in deliveries(stack)}
    urgent = [m for m in ses.sent if known[m["EmailTags"][0]["Value"]] == "urgent_submitted"]
    return sorted(m["Destination"]["ToAddresses"][0] for m in urgent)


def urgent_comment(stack: Stack) -> str:
    return add_comment(stack, message=DANGER)


def urgent_enquiry(stack: Stack, **fields: object) -> str:
    return str(post_enquiry(stack, message=DANGER, contact_by=["call"], **fields).json["reference"])


def test_on_call_is_mailed_again_until_somebody_opens_it(stack: Stack) -> None:
    stack.settings["ON_CALL"] = "night@example.org"
    reference = urgent_enquiry(stack)
    assert alerts(stack) == ["night@example.org"]
    for _ in range(3):
        stack.later(minutes=14)
        assert alerts(stack) == []
        stack.later(minutes=2)
        assert alerts(stack) == ["night@example.org"]
    assert stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions").status == 200
    stack.later(minutes=20)
    assert alerts(stack) == []
    stack.later(hours=5)
    assert alerts(stack) == []


def test_a_look_at_the_queue_or_by_the_link_is_no_opening(stack: Stack) -> None:
    """A program that reads mail follows links, and who scrolls through a list may not have read this one."""
    comment_id = urgent_comment(stack)
    assert alerts(stack) == ["mod@example.org"]
    assert stack.call("GET", "/v1/staff/comments", role="moderator").status == 200
    assert stack.call("GET", decision_link(stack, comment_id)).status == 200
    stack.later(minutes=16)
    assert alerts(stack) == ["mod@example.org"]
    assert stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").status == 200
    stack.later(minutes=16)
    assert alerts(stack) == []


def test_a_note_is_acknowledgement_enough(stack: Stack) -> None:
    reference = urgent_enquiry(stack)
    assert alerts(stack) == ["adm@example.org"]
    assert change_enquiry(stack, reference, '"1"', note="Calling now.").status == 200
    stack.later(minutes=16)
    assert alerts(stack) == []


def test_what_looks_like_spam_but_speaks_of_danger_is_mailed_about(stack: Stack) -> None:
    stack.settings["ON_CALL"] = "night@example.org"
    add_comment(stack, message=DANGER, website="http://spam.example")
    assert alerts(stack) == ["night@example.org"]


def test_a_decision_ends_it_too(stack: Stack) -> None:
    comment_id = urgent_comment(stack)
    assert alerts(stack) == ["mod@example.org"]
    decide(stack, comment_id, '"1"', status="rejected")
    stack.later(minutes=20)
    assert alerts(stack) == []


def test_where_nobody_is_on_call_who_sees_to_it_anyway_is_mailed(stack: Stack) -> None:
    urgent_enquiry(stack, topic="family")
    assert alerts(stack) == ["adm@example.org", "fam@example.org"]


@pytest.mark.parametrize("full_text", [False, True])
def test_alert_says_nothing_of_what_was_written(stack: Stack, full_text: bool) -> None:
    if full_text:
        stack.settings |= {"MAIL_FULL_TEXT": "true", "MAIL_TLS_REQUIRED": "true"}
        stack.settings |= {"MAIL_CONFIGURATION_SET": "tls-only", "MAIL_DOMAINS": "example.org"}
    stack.settings["ON_CALL"] = "night@example.org"
    urgent_comment(stack)
    ses = FakeSes()
    stack.deliver(ses)
    [alert] = [m for m in ses.sent if m["Destination"]["ToAddresses"] == ["night@example.org"]]
    raw = alert["Content"]["Raw"]["Data"].decode().replace("=\r\n", "")
    for word in ("relapse", "die", "danger", "crisis", "hurt", "Robin", "example.org/a"):
        assert word not in raw


def test_alert_about_an_enquiry_has_its_reference(stack: Stack) -> None:
    stack.settings["ON_CALL"] = "night@example.org"
    reference = urgent_enquiry(stack)
    ses = FakeSes()
    stack.deliver(ses)
    [alert] = [m for m in ses.sent if m["Destination"]["ToAddresses"] == ["night@example.org"]]
    assert f"Reference: {reference}" in alert["Content"]["Raw"]["Data"].decode()


def test_what_is_not_urgent_alerts_nobody(stack: Stack) -> None:
    stack.settings["ON_CALL"] = "night@example.org"
    add_comment(stack)
    post_enquiry(stack)
    assert alerts(stack) == []


def test_urgent_comment_does_not_wait_for_a_digest(stack: Stack) -> None:
    stack.settings |= {"DIGEST_MINUTES": "60", "ON_CALL": "night@example.org"}
    add_comment(stack, message="First")
    alerts(stack)
    urgent_comment(stack)
    assert alerts(stack) == ["night@example.org"]


def test_what_was_found_lies_sealed_with_what_was_written(stack: Stack) -> None:
    urgent_comment(stack)
    urgent_enquiry(stack)
    items = [*stack.items("CommentsTable"), *stack.items("EnquiriesTable")]
    assert [item["priority"]["S"] for item in items] == ["urgent", "urgent"]
    for item in items:
        assert "crisis" not in repr(item)
        assert "danger" not in repr(item)
