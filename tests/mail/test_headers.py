"""No word of a visitor is in any header, whatever they type: CVE-2024-6923, CR, LF, NUL, encoded words."""

import email
from email import policy
from typing import Any

import pytest

from tests.acts import COMMENT, ENQUIRY, decide
from tests.stack import FakeSes, Stack

NASTY = [
    "Jo\r\nBcc: evil@evil.example",
    "Jo\nBcc: evil@evil.example",
    "Jo\rBcc: evil@evil.example",
    "Jo\0Bcc: evil@evil.example",
    "=?utf-8?q?=0ABcc:_evil=40evil.example?=",
    "=?utf-8?b?CkJjYzogZXZpbEBldmlsLmV4YW1wbGU=?=",
    "Jo\u2028Bcc: evil@evil.example",
    "Jo\x85Bcc: evil@evil.example",
    "J" * 10_000,
    "Jo <evil@evil.example>, ",
    '"=?utf-8?q?=0A?="@evil.example',
    "evil+=?utf-8?q?=0ABcc:x?=@evil.example",
]
FULL_TEXT = {
    "MAIL_FULL_TEXT": "true",
    "MAIL_TLS_REQUIRED": "true",
    "MAIL_CONFIGURATION_SET": "tls-only",
    "MAIL_DOMAINS": "example.org",
}
ALWAYS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Frontdesk-Delivery",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
}
SOMETIMES = {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"}
COMMENT_FIELDS = ["name", "email", "message", "page", "website", "form_token", "parent_id"]
ENQUIRY_FIELDS = ["name", "email", "message", "phone", "topic", "page", "website", "form_token"]
CASES = [
    *(("/v1/comments", {**COMMENT, "notify": True}, field) for field in COMMENT_FIELDS),
    *(("/v1/enquiries", ENQUIRY, field) for field in ENQUIRY_FIELDS),
]


@pytest.mark.parametrize("full_text", [False, True])
@pytest.mark.parametrize(("path", "body", "field"), CASES)
def test_headers_are_the_expected_ones_whatever_is_typed(
    stack: Stack, path: str, body: dict[str, Any], field: str, full_text: bool
) -> None:
    stack.settings |= {"RATE_LIMIT": "1000", **(FULL_TEXT if full_text else {})}
    accepted = 0
    for number, nasty in enumerate(NASTY):
        reply = stack.call("POST", path, {**body, "message": f"{number}", field: nasty})
        assert reply.status in (202, 422), reply.text
        if reply.status == 202:
            accepted += 1
            if path == "/v1/comments":
                decide(stack, reply.json["id"], "*", status="approved")
    ses = FakeSes()
    stack.deliver(ses)
    assert len(ses.sent) >= (accepted if field != "website" else 0)
    for sent in ses.sent:
        parsed = email.message_from_bytes(sent["Content"]["Raw"]["Data"], policy=policy.default)
        names = parsed.keys()
        assert len(names) == len(set(names))
        assert set(names) - SOMETIMES == ALWAYS
        # An address may be the visitor's own, and only where it belongs.
        told = {name: str(value) for name, value in parsed.items() if name not in ("To", "Reply-To")}
        assert [name for name, value in told.items() if "evil" in value or "JJJ" in value] == []
        assert len(sent["Destination"]["ToAddresses"]) == 1
        assert max(map(len, sent["Content"]["Raw"]["Data"].split(b"\r\n"))) <= 998
