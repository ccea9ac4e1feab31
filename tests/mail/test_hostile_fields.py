"""Whatever a visitor types into any field, the parsed mail has exactly the headers that we put there."""

import email
from dataclasses import fields, replace
from datetime import UTC, datetime
from email import policy
from email.message import Message
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.comments import Comment
from chalicelib.enquiries import Enquiry, Letter
from chalicelib.mail.messages import compose
from chalicelib.outbox import Delivery, MailKind
from chalicelib.wiring import Desk
from tests.acts import add_comment, post_enquiry
from tests.mail.test_messages import FULL_TEXT
from tests.stack import Stack

OURS = {
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
COMMENT_FIELDS = ("name", "email", "original_text", "text", "page_id")
LETTER_FIELDS = tuple(f.name for f in fields(Letter) if f.name != "contact_by")
HOSTILE = {
    "CR": "Robin\rBcc: thief@evil.example",
    "LF": "Robin\nBcc: thief@evil.example",
    "CRLF": "Robin\r\nBcc: thief@evil.example\r\n\r\nbody",
    "NUL": "Robin\x00Bcc: thief@evil.example",
    "other line ends": "Robin\x0bBcc: a@b\x0cBcc: a@b\x1cBcc: a@b\x85Bcc: a@b\u2028Bcc: a@b\u2029Bcc: a@b",
    "encoded word": "=?utf-8?q?Robin=0D=0ABcc=3A_thief=40evil=2Eexample?=",
    "encoded words": "=?utf-8?b?DQpCY2M6IHRoaWVmQGV2aWwuZXhhbXBsZQ==?= =?iso-8859-1?q?=0ABcc:_x?=",
    "10 kB": "R" * 10_000,
    "10 kB with breaks": "R\r\nBcc: thief@evil.example\r\n" * 370,
    "boundary": "--===============0==\r\nContent-Type: text/html\r\n\r\n<b>",
    "address": "robin@visitor.example>\r\nBcc: <thief@evil.example",
    "list of addresses": "robin@visitor.example, thief@evil.example",
    "lone surrogate's neighbour": "\ud7ff\ue000\U0010ffff",
}


class One:
    """Stands for a table that holds one thing."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def get(self, _id: str) -> Any:
        return self._thing


def made_of(desk: Desk, kind: MailKind, thing: Comment | Enquiry) -> Message:
    """The mail about `thing`, whatever it holds: what the API refuses could still lie in a table."""
    table: dict[str, Any] = {"enquiries" if isinstance(thing, Enquiry) else "comments": One(thing)}
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    delivery = Delivery("d1-abc", kind, "7KQ2M-8XD4T", "desk@example.org", "hmac", at)
    raw = compose(delivery, replace(desk, store=replace(desk.store, **table)))
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    return email.message_from_bytes(raw, policy=policy.default)


def assert_only_ours(message: Message, kind: MailKind, *, full_text: bool) -> None:
    names = [name for name, _ in message.items()]
    also = {"Reply-To"} if full_text and kind == "enquiry_submitted" else set()
    also |= {"List-Unsubscribe", "List-Unsubscribe-Post"} if kind.startswith("comment_p") else set()
    assert len(names) == len(set(names))
    # An address that cannot stand in a header is left out.
    assert OURS <= set(names) <= OURS | also
    assert message["To"] == "desk@example.org"
    assert message["From"] == "desk@example.org"
    for name, value in message.items():
        if name != "Reply-To":
            assert "evil" not in value
            assert "Robin" not in value
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    for part in list(message.walk())[1:]:
        assert {name.lower() for name, _ in part.items()} <= {
            "content-type",
            "content-transfer-encoding",
            "mime-version",
        }


@pytest.fixture(params=[False, True], ids=["content-free", "full text"])
def full_text(request: pytest.FixtureRequest, stack: Stack) -> bool:
    stack.settings |= FULL_TEXT if request.param else {}
    return bool(request.param)


def subjects(stack: Stack) -> tuple[Comment, Enquiry]:
    store = stack.desk("staff").store
    reference = post_enquiry(stack, phone="555", page="/a").json["reference"]
    return store.comments.get(add_comment(stack, notify=True)), store.enquiries.get(reference)


def assert_headers_hold(
    desk: Desk, comment: Comment, enquiry: Enquiry, field: str, value: str, *, full_text: bool
) -> None:
    if field in COMMENT_FIELDS:
        told = replace(comment, **{field: value})  # type: ignore[arg-type]
        assert_only_ours(made_of(desk, "comment_submitted", told), "comment_submitted", full_text=full_text)
    if field in LETTER_FIELDS:
        asked = replace(enquiry, letter=replace(enquiry.letter, **{field: value}))  # type: ignore[arg-type]
        kinds: tuple[MailKind, ...] = ("enquiry_submitted", "enquiry_received")
        for kind in kinds:
            assert_only_ours(made_of(desk, kind, asked), kind, full_text=full_text)


FIELDS = sorted({*COMMENT_FIELDS, *LETTER_FIELDS})


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_in_any_field_is_in_no_header(stack: Stack, full_text: bool, value: str) -> None:
    comment, enquiry = subjects(stack)
    for field in FIELDS:
        assert_headers_hold(stack.desk("mail"), comment, enquiry, field, value, full_text=full_text)


PIECES = st.sampled_from(
    [
        "\r",
        "\n",
        "\r\n",
        "\0",
        "Bcc: evil@evil.example",
        "=?utf-8?q?=0D=0ABcc:_evil?=",
        "=?",
        "?=",
        " ",
        "\t",
        ";",
        "<",
        ">",
        "@",
        ",",
        "Content-Type: text/html",
        "--",
        "\u2028",
        "\x85",
        "שלום",
        "Robin",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(FIELDS), value=TEXTS)
def test_no_text_at_all_adds_a_header(stack: Stack, full_text: bool, field: str, value: str) -> None:
    comment, enquiry = _subjects_once(stack)
    assert_headers_hold(stack.desk("mail"), comment, enquiry, field, value, full_text=full_text)


def _subjects_once(stack: Stack) -> tuple[Comment, Enquiry]:
    """For all examples of a test."""
    made: tuple[Comment, Enquiry] | None = getattr(stack, "subjects", None)
    if made is None:
        made = subjects(stack)
        stack.subjects = made  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_what_the_api_takes_of_it_makes_the_same_headers(stack: Stack, full_text: bool, value: str) -> None:
    """The whole way: what it refuses is no mail, and what it takes is one like any other."""
    from tests.stack import FakeSes  # noqa: PLC0415

    for field in ("name", "message", "phone"):
        post_enquiry(stack, **{field: value}, email=f"robin+{field}@visitor.example")
    ses = FakeSes()
    stack.deliver(ses)
    for sent in ses.sent:
        [to] = sent["Destination"]["ToAddresses"]
        message = email.message_from_bytes(sent["Content"]["Raw"]["Data"], policy=policy.default)
        assert message["To"] == to
        assert {name for name, _ in message.items()} - OURS <= {"Reply-To"}
        assert "Bcc" not in message
