"""What visitors are mailed: that an enquiry has arrived, that a comment was published or answered."""

import email
from email import policy
from typing import Any

import pytest

from tests.acts import COMMENT, ENQUIRY, add_comment, decide, post_comment, post_enquiry, publish
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Reply, Stack

ENQUIRER = ENQUIRY["email"]
AUTHOR = COMMENT["email"]


def mails_to(stack: Stack, address: str, ses: FakeSes | None = None) -> list[Any]:
    """Deliver everything; return what `address` got, parsed."""
    ses = ses or FakeSes()
    stack.deliver(ses)
    raw = [m["Content"]["Raw"]["Data"] for m in ses.sent if m["Destination"]["ToAddresses"] == [address]]
    return [email.message_from_bytes(each, policy=policy.default) for each in raw]


def text_of(mail: Any) -> str:
    return "\n".join(mail.get_body((kind,)).get_content() for kind in ("plain", "html"))


def test_enquirer_is_told_that_it_has_arrived_and_nothing_that_they_typed(stack: Stack) -> None:
    reference = post_enquiry(stack, phone="555 0199", page="/secret").json["reference"]
    [mail] = mails_to(stack, ENQUIRER)
    text = text_of(mail)
    assert reference in text
    assert "988" in text
    for typed in (ENQUIRY["name"], ENQUIRY["message"], "555 0199", "secret", "admissions"):
        assert typed.casefold() not in (text + str(mail["Subject"])).casefold()
    assert mail["Auto-Submitted"]
    assert mail["List-Unsubscribe"] is None


def test_enquirer_is_told_at_most_once_a_day(stack: Stack) -> None:
    for number in range(3):
        post_enquiry(stack, message=f"Another {number}")
    assert len(mails_to(stack, ENQUIRER)) == 1
    stack.later(hours=23, minutes=59)
    post_enquiry(stack, message="Nearly a day later")
    assert mails_to(stack, ENQUIRER) == []
    stack.later(minutes=2)
    post_enquiry(stack, message="A day later")
    assert len(mails_to(stack, ENQUIRER)) == 1
    # Staff were told of each.
    assert sum(d["kind"] == "enquiry_submitted" for d in deliveries(stack)) == 5


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"contact_by": ["email", "text"]}, 1),
        ({"contact_by": []}, 1),
        ({"contact_by": ["call"]}, 0),
        ({"contact_by": ["voicemail", "text"]}, 0),
        ({"website": "http://spam"}, 0),
    ],
)
def test_enquirer_is_mailed_only_where_mail_is_safe_for_them(
    stack: Stack, fields: dict[str, Any], told: int
) -> None:
    assert post_enquiry(stack, **fields).status == 202
    assert len(mails_to(stack, ENQUIRER)) == told


def test_enquirers_are_not_told_where_the_site_does_not_want_it(stack: Stack) -> None:
    stack.settings["ACKNOWLEDGE_ENQUIRIES"] = "false"
    post_enquiry(stack)
    assert mails_to(stack, ENQUIRER) == []


def test_author_who_asked_is_told_once_and_only_after_approval(stack: Stack) -> None:
    comment_id = add_comment(stack, notify=True, page="/a/b")
    assert mails_to(stack, AUTHOR) == []
    for revision, status in enumerate(["approved", "rejected", "approved", "spam", "approved"], 1):
        assert decide(stack, comment_id, f'"{revision}"', status=status).status == 200
    [mail] = mails_to(stack, AUTHOR)
    text = text_of(mail)
    assert "https://www.example.org/a/b" in text
    assert COMMENT["message"] not in text
    assert COMMENT["name"] not in text
    decide(stack, comment_id, '"6"', status="pending")
    decide(stack, comment_id, '"7"', status="approved")
    assert mails_to(stack, AUTHOR) == []


def test_author_who_did_not_ask_is_told_nothing(stack: Stack) -> None:
    publish(stack)
    assert mails_to(stack, AUTHOR) == []


def test_approval_that_is_taken_back_before_the_mail_tells_nobody(stack: Stack) -> None:
    comment_id = add_comment(stack, notify=True)
    decide(stack, comment_id, '"1"', status="approved")
    decide(stack, comment_id, '"2"', status="rejected")
    assert mails_to(stack, AUTHOR) == []


def test_author_is_told_when_an_approval_that_was_taken_back_is_given_again(stack: Stack) -> None:
    comment_id = add_comment(stack, notify=True)
    decide(stack, comment_id, '"1"', status="approved")
    stack.relay()
    stack.run_mail(FakeSes())
    decide(stack, comment_id, '"2"', status="rejected")
    assert mails_to(stack, AUTHOR) == []
    decide(stack, comment_id, '"3"', status="approved")
    ses = FakeSes()
    mails_to(stack, AUTHOR, ses)
    # The row was there before, so the stream says nothing of it: housekeeping brings it.
    stack.later(minutes=5)
    stack.keep_house()
    stack.run_mail(ses)
    assert [m["Destination"]["ToAddresses"] for m in ses.sent].count([AUTHOR]) == 1


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("x@straße.example", "x@xn--strae-oqa.example"), ("x@münchen.example", "x@xn--mnchen-3ya.example")],
)
def test_mail_goes_to_the_very_domain_that_was_typed(stack: Stack, typed: str, wanted: str) -> None:
    """IDNA 2003, which Python's codec is, would write another domain for some letters."""
    post_enquiry(stack, email=typed)
    ses = FakeSes()
    stack.deliver(ses)
    [sent] = [m for m in ses.sent if "xn--" in m["Destination"]["ToAddresses"][0]]
    assert sent["Destination"]["ToAddresses"] == [wanted]
    assert email.message_from_bytes(sent["Content"]["Raw"]["Data"])["To"] == wanted


def test_author_is_told_of_each_published_answer_but_not_of_their_own(stack: Stack) -> None:
    parent = publish(stack, notify=True)
    mails_to(stack, AUTHOR)
    publish(stack, parent_id=parent, email="other@visitor.example", message="Well done.")
    held = add_comment(stack, parent_id=parent, email="third@visitor.example", message="Me too.")
    publish(stack, parent_id=parent, message="Thank you all.")
    assert len(mails_to(stack, AUTHOR)) == 1
    decide(stack, held, '"1"', status="approved")
    [mail] = mails_to(stack, AUTHOR)
    assert "Me too." not in text_of(mail)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.5", "es"),
        ("de, es;q=0.1", "es"),
        ("en-GB", "en"),
        ("de", "en"),
        ("es;q=0", "en"),
    ],
)
def test_visitor_is_mailed_in_a_language_that_they_read(stack: Stack, wanted: str, language: str) -> None:
    stack.call("POST", "/v1/enquiries", ENQUIRY, accept_language=wanted)
    [mail] = mails_to(stack, ENQUIRER)
    assert mail["Content-Language"] == language


def open_link(stack: Stack, mail: Any, method: str) -> Reply:
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = link.removeprefix("https://desk.example.org")
    body = "List-Unsubscribe=One-Click" if method == "POST" else None
    return stack.call(method, path, body, content_type="application/x-www-form-urlencoded")


def test_one_click_stops_mail_and_looking_does_not(stack: Stack) -> None:
    publish(stack, notify=True)
    [mail] = mails_to(stack, AUTHOR)
    for _ in range(10):
        assert open_link(stack, mail, "GET").status == 200
    assert stack.items("SuppressionsTable") == []
    for _ in range(2):
        assert open_link(stack, mail, "POST").status == 200
    publish(stack, notify=True, message="Another.")
    assert mails_to(stack, AUTHOR) == []
    assert AUTHOR not in str(stack.items("SuppressionsTable"))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["x", "InguYSI.AAAAAAAAAAAAAAAAAAAAAA", "a.b.c", "é", "x" * 301])
def test_link_that_is_not_ours_is_not_found(stack: Stack, method: str, token: str) -> None:
    assert stack.call(method, f"/unsubscribe/{token}", "" if method == "POST" else None).status == 404
    assert stack.items("SuppressionsTable") == []


def test_comment_posted_in_form_is_mailed_in_the_sites_language(stack: Stack) -> None:
    stack.settings["LANGUAGE"] = "es"
    post_comment(stack, notify=True)
    ses = FakeSes()
    stack.deliver(ses)
    [sent] = ses.sent
    staff = email.message_from_bytes(sent["Content"]["Raw"]["Data"], policy=policy.default)
    assert staff["Content-Language"] == "es"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unsubscribe_link_that_is_none_of_ours_is_refused_by_a_page(stack: Stack, method: str) -> None:
    reply = stack.call(method, "/unsubscribe/made-up")
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("text/html")
