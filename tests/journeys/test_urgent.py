"""Somebody in danger writes, over HTTP: who is on call is mailed, and what was written stands first."""

import httpx
import pytest

from .conftest import Mailbox
from .stories import (
    COMMENTS,
    ENQUIRIES,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    Auth,
    a_comment,
    a_page,
    an_enquiry,
    answer,
    post_comment,
    post_enquiry,
)

pytestmark = pytest.mark.journey

DANGER = "I took all my pills an hour ago and I want to die."
SUBJECT = "one item marked urgent awaits a person"


def assert_tells_nothing(body: str) -> None:
    for word in ("pills", "die", "Robin", "Sam"):
        assert f" {word} " not in body


def test_urgent_comment_is_mailed_about_and_stands_first(
    client: httpx.Client, moderator: Auth, mailbox: Mailbox
) -> None:
    page = a_page()
    post_comment(client, page, message="The first to come.")
    first = client.post(COMMENTS, json=a_comment(page, message=DANGER, website="http://bot.example"))
    assert (first.status_code, answer(first)["status"], bool(answer(first)["help"]["lines"])) == (
        202,
        "pending",
        True,
    )
    comment_id = answer(first)["id"]

    mail = mailbox(lambda mail: SUBJECT in mail.subject and comment_id in mail.body)
    assert_tells_nothing(mail.body)

    listed = client.get(STAFF_COMMENTS, headers=moderator, params={"page": page}).json()["comments"]
    assert [each["priority"] for each in listed] == ["urgent", "normal"]
    assert [reason["code"] for reason in listed[0]["reasons"]][:3] == [
        "crisis_self_harm",
        "crisis_overdose",
        "honeypot",
    ]

    again = client.post(COMMENTS, json=a_comment(page, message=DANGER, website="http://bot.example"))
    assert answer(again) == answer(first)


def test_urgent_enquiry_is_mailed_about_and_stands_first(
    client: httpx.Client, admissions: Auth, mailbox: Mailbox
) -> None:
    post_enquiry(client, topic="family")
    reference = post_enquiry(client, topic="family", message=DANGER)["reference"]

    mail = mailbox(lambda mail: SUBJECT in mail.subject and reference in mail.body)
    assert_tells_nothing(mail.body)

    newest = {"topic": "family", "order": "newest"}
    listed = client.get(STAFF_ENQUIRIES, headers=admissions, params=newest).json()["enquiries"]
    assert (listed[0]["reference"], listed[0]["priority"]) == (reference, "urgent")


@pytest.mark.parametrize("to", [COMMENTS, ENQUIRIES])
def test_every_answer_to_a_form_has_the_help_lines(client: httpx.Client, site: str, to: str) -> None:
    page = a_page()
    fields = a_comment(page, message=DANGER) if to == COMMENTS else an_enquiry(message=DANGER)
    form = {**fields, "consent": "on"} if to == ENQUIRIES else fields
    accepted = client.post(to, data=form)
    replayed = client.post(to, data=form)
    refused = client.post(to, data={**form, "email": "not an address"})
    forwarded = client.post(to, data={**form, "next": f"http://{site}/demo"})
    assert [accepted.status_code, replayed.status_code, refused.status_code, forwarded.status_code] == [
        200,
        200,
        422,
        303,
    ]
    for given in (accepted, replayed, refused, forwarded):
        assert "988" in given.text
