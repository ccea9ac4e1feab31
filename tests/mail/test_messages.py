"""What a mail to staff says: nothing of what was written, unless the setting says otherwise."""

import email
from email import policy
from email.message import EmailMessage

import pytest

from tests.acts import COMMENT, ENQUIRY, add_comment, post_enquiry
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Stack

SAID = {
    "name": "Zaphod Quux =?utf-8?q?x?=",
    "email": "zaphod@visitor.example",
    "message": "My <b>words</b> & woes.\n\nBcc: evil@evil.example\n" + "long " * 60 + "שלום",
}
WORDS = ["zaphod", "quux", "visitor.example", "woes", "evil", "long long", "555 0100", "voicemail", "/secret"]
FULL_TEXT = {
    "MAIL_FULL_TEXT": "true",
    "MAIL_TLS_REQUIRED": "true",
    "MAIL_CONFIGURATION_SET": "tls-only",
    "MAIL_DOMAINS": "example.org",
}


def mail_about(stack: Stack, kind: str) -> tuple[EmailMessage, str]:
    """Send something, have it mailed; return the mail and the reference of what it is about."""
    if kind == "comment":
        reference = add_comment(stack, page="/secret", **SAID)
    else:
        more = {"phone": "555 0100", "contact_by": ["voicemail"], "page": "/secret"}
        reference = post_enquiry(stack, **SAID, **more).json["reference"]
    ses = FakeSes()
    stack.deliver(ses)
    [sent] = [mail for mail in ses.sent if mail["Destination"]["ToAddresses"] != [SAID["email"]]]
    parsed = email.message_from_bytes(sent["Content"]["Raw"]["Data"], policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed, reference


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("kind", ["comment", "enquiry"])
def test_no_word_of_the_visitor_is_in_any_header_or_body(stack: Stack, kind: str) -> None:
    message, reference = mail_about(stack, kind)
    text, html = parts(message)
    everything = "\n".join([*(f"{k}: {v}" for k, v in message.items()), text, html]).casefold()
    assert [word for word in WORDS if word in everything] == []
    link = f"https://desk.example.org/console#/{'comments' if kind == 'comment' else 'enquiries'}/{reference}"
    assert reference in text.replace(link, "")
    assert link in text
    assert f'href="{link}"' in html


@pytest.mark.parametrize("full_text", [False, True])
@pytest.mark.parametrize(("kind", "to"), [("comment", "mod@example.org"), ("enquiry", "adm@example.org")])
def test_headers_are_exactly_these(stack: Stack, kind: str, to: str, full_text: bool) -> None:
    stack.settings |= FULL_TEXT if full_text else {}
    message, reference = mail_about(stack, kind)
    subject = "Website: one item awaits a decision" if kind == "comment" else f"Website: message {reference}"
    headers = dict(message.items())
    assert headers.pop("Content-Type").startswith("multipart/alternative;")
    delivery_id = next(d["outbox_id"] for d in deliveries(stack) if d["kind"] == f"{kind}_submitted")
    assert headers == {
        "From": "desk@example.org",
        "To": to,
        "Subject": subject,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "X-Frontdesk-Delivery": delivery_id,
        "Message-ID": f"<{delivery_id}@example.org>",
        "Date": "Wed, 04 Mar 2026 05:06:07 +0000",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }


@pytest.mark.parametrize("settings", [{}, FULL_TEXT])
def test_ses_is_given_envelope_tag_and_configuration_set(stack: Stack, settings: dict[str, str]) -> None:
    stack.settings |= settings
    add_comment(stack)
    ses = FakeSes()
    stack.deliver(ses)
    [request] = ses.sent
    del request["Content"]
    assert request == {
        "FromEmailAddress": "desk@example.org",
        "Destination": {"ToAddresses": ["mod@example.org"]},
        "EmailTags": [
            {"Name": "delivery", "Value": deliveries(stack)[0]["outbox_id"]},
            {"Name": "attempt", "Value": "1"},
        ],
        **({"ConfigurationSetName": "tls-only"} if settings else {}),
    }


@pytest.mark.parametrize("kind", ["comment", "enquiry"])
def test_full_text_has_the_words_in_both_parts_escaped_in_html(stack: Stack, kind: str) -> None:
    stack.settings |= FULL_TEXT
    text, html = parts(mail_about(stack, kind)[0])
    assert "My <b>words</b> & woes." in text
    assert "My &lt;b&gt;words&lt;/b&gt; &amp; woes." in html
    assert "<b>" not in html
    for said in (SAID["name"], SAID["email"], "שלום"):
        assert said in text
        assert said in html
    private = ["555 0100", "voicemail", "example.org/secret"] if kind == "enquiry" else ["example.org/secret"]
    assert [word for word in private if word not in text or word not in html] == []


@pytest.mark.parametrize(("contact_by", "offered"), [([], True), (["email"], True), (["call"], False)])
@pytest.mark.parametrize("full_text", [False, True])
def test_reply_goes_to_the_enquirer_in_full_text_alone_and_where_mail_is_safe(
    stack: Stack, contact_by: list[str], offered: bool, full_text: bool
) -> None:
    stack.settings |= FULL_TEXT if full_text else {}
    post_enquiry(stack, contact_by=contact_by)
    ses = FakeSes()
    stack.deliver(ses)
    [raw] = [
        m["Content"]["Raw"]["Data"]
        for m in ses.sent
        if m["Destination"]["ToAddresses"] == ["adm@example.org"]
    ]
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert parsed["Reply-To"] == (ENQUIRY["email"] if full_text and offered else None)


def test_lines_that_a_visitor_wrote_cannot_pass_for_ours(stack: Stack) -> None:
    stack.settings |= FULL_TEXT
    text, _ = parts(mail_about(stack, "comment")[0])
    assert "\n> Bcc: evil@evil.example" in text
    assert [line for line in text.splitlines() if line.startswith(("Bcc", "My"))] == []


def test_full_text_of_what_is_gone_is_not_sent(stack: Stack) -> None:
    stack.settings |= FULL_TEXT
    comment_id = add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    key = {"comment_id": {"S": comment_id}}
    stack.dynamodb.delete_item(TableName=stack.table("CommentsTable"), Key=key)
    stack.relay()
    ses = FakeSes()
    stack.run_mail(ses)
    assert ses.sent == []
    assert [(d["state"], d["reason"]) for d in deliveries(stack)] == [("failed", "nobody_to_mail")]


def test_visitor_is_not_mailed_before_a_decision_nor_against_their_word(stack: Stack) -> None:
    add_comment(stack, notify=True)
    post_enquiry(stack, contact_by=["voicemail"])
    ses = FakeSes()
    stack.deliver(ses)
    to = {address for mail in ses.sent for address in mail["Destination"]["ToAddresses"]}
    assert to.isdisjoint({COMMENT["email"], ENQUIRY["email"]})
    assert len(to) == 2
