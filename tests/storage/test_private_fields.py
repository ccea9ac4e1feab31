"""What a stolen export of the tables would tell: no address, and nothing of an enquiry."""

import json
from datetime import timedelta

from tests.acts import COMMENT, ENQUIRY, everything_stored, post_comment, post_enquiry, publish
from tests.stack import FakeSes, Stack


def test_no_table_holds_a_readable_address_or_enquiry(stack: Stack) -> None:
    publish(stack)
    post_enquiry(stack, phone="555 0100 20", contact_by=["text"], page="/secret-page")
    stack.deliver(FakeSes())
    stored = repr(everything_stored(stack)).casefold()
    private = [COMMENT["email"], *ENQUIRY.values(), "555 0100 20", "secret-page", "voicemail", "robin.wren"]
    private += ["mod@example.org", "adm@example.org", "203.0.113"]
    assert [word for word in private if word.casefold() in stored] == []


def test_staff_read_what_was_sealed(stack: Stack) -> None:
    reference = post_enquiry(stack, phone="555 0100", contact_by=["text", "call"], page="/a").json[
        "reference"
    ]
    shown = stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions").json
    assert {name: shown[name] for name in ENQUIRY} == ENQUIRY
    assert (shown["phone"], shown["contact_by"], shown["page"]) == (
        "555 0100",
        ["text", "call"],
        "example.org/a",
    )


def test_spam_expires_and_what_is_no_spam_does_not(stack: Stack) -> None:
    post_comment(stack)
    post_enquiry(stack)
    for post in (post_comment, post_enquiry):
        assert post(stack, message="Buy.", website="x").status == 202
    expected = int((stack.now + timedelta(days=30)).timestamp())
    for table in ("CommentsTable", "EnquiriesTable"):
        expiry = {i["status"]["S"]: i.get("expires_at", {}).get("N") for i in stack.items(table)}
        assert expiry.pop("spam") == str(expected)
        assert set(expiry.values()) == {None}


def test_spam_that_is_brought_back_no_longer_expires(stack: Stack) -> None:
    comment_id = post_comment(stack, website="x").json["id"]
    path = f"/v1/staff/comments/{comment_id}"
    reply = stack.call("PATCH", path, {"status": "pending"}, role="moderator", if_match="*")
    assert reply.status == 200
    assert "expires_at" not in stack.items("CommentsTable")[0]


def test_public_json_is_compact_json_of_what_was_typed(stack: Stack) -> None:
    publish(stack, message="<3 & 👩\u200d👧\n\nשלום", name='Jo "J" <jo@x.org>')
    [item] = [i for i in stack.items("CommentsTable") if "public_json" in i]
    shown = json.loads(item["public_json"]["S"])
    assert (shown["text"], shown["name"]) == ("<3 & 👩\u200d👧\n\nשלום", 'Jo "J" <jo@x.org>')
