"""The decision link, from the mail that carries it to the decision; a program that opens it does nothing."""

import email
import re
from email import policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from tests.acts import add_comment, press, read_thread
from tests.mail.mails import deliveries
from tests.mail.test_urgent import alerts, urgent_comment
from tests.stack import FakeSes, Stack


def mailed_link(stack: Stack, ses: FakeSes) -> str:
    """Return the path of the one decision link that was mailed: the same in the mail's text and its HTML."""
    in_text, in_html = [link for sent in ses.sent for link in links_in(sent["Content"]["Raw"]["Data"])]
    assert in_text == in_html
    assert in_text.startswith("https://desk.example.org/moderate/")
    return urlsplit(in_text).path


def links_in(raw: bytes) -> list[str]:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    found = []
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        found += re.findall(r"https?://[^\s\"'<>]+/moderate/[^\s\"'<>]+", part.get_content())
    return found


@pytest.mark.parametrize("status", ["approved", "rejected", "spam"])
def test_link_of_the_mail_opens_the_page_and_decides_once(stack: Stack, status: str) -> None:
    comment_id = add_comment(stack, message="Quux today.")
    ses = FakeSes()
    stack.deliver(ses)
    path = mailed_link(stack, ses)
    page = stack.call("GET", path)
    assert (page.status, "Quux today." in page.text) == (200, True)
    assert press(stack, path, status).status == 200
    assert stack.desk("staff").store.get_comment(comment_id).status == status
    assert read_thread(stack)["count"] == (1 if status == "approved" else 0)
    assert press(stack, path, "approved").status == 409
    assert stack.desk("staff").store.get_comment(comment_id).status == status


def test_audit_trail_names_the_mail_that_carried_the_link(stack: Stack) -> None:
    comment_id = add_comment(stack)
    ses = FakeSes()
    stack.deliver(ses)
    press(stack, mailed_link(stack, ses), "rejected")
    [entry] = stack.desk("staff").store.audit.history(comment_id)
    [carrier] = [d["outbox_id"] for d in deliveries(stack) if d["kind"] == "comment_submitted"]
    assert entry.act.actor == f"link:{carrier}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_program_that_opens_the_links_of_mail_does_not_end_the_reminders(stack: Stack, method: str) -> None:
    """Else an urgent comment would count as seen where only a scanner has seen it."""
    stack.settings["ON_CALL"] = "night@example.org"
    urgent_comment(stack)
    ses = FakeSes()
    stack.deliver(ses)
    path = mailed_link(stack, ses)
    for _ in range(3):
        assert stack.call(method, path).status == 200
        stack.later(minutes=16)
        assert alerts(stack) == ["night@example.org"]
    assert press(stack, path, "rejected").status == 200
    stack.later(minutes=16)
    assert alerts(stack) == []
