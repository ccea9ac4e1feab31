"""A visitor writes, a moderator approves, the page shows it, admissions get the mail."""

import httpx
import pytest

from .conftest import Mailbox
from .stories import (
    ENQUIRY_KEYS,
    PUBLIC_COMMENT_KEYS,
    RFC3339_UTC,
    STAFF_COMMENT_KEYS,
    STAFF_ENQUIRIES,
    Auth,
    a_page,
    approve,
    counts,
    for_staff,
    inbox,
    only_comment,
    post_comment,
    post_enquiry,
    publish_comment,
    queue,
    thread,
)

pytestmark = pytest.mark.journey


def assert_help_is_there(answer: dict[str, object]) -> None:
    given = answer["help"]
    assert isinstance(given, dict)
    assert set(given) == {"text", "lines"}
    for line in given["lines"]:
        assert set(line) == {"name", "contact", "url"}


def test_comment_is_accepted_as_pending_with_help(client: httpx.Client) -> None:
    answer = post_comment(client, a_page())
    assert set(answer) == {"id", "status", "message", "help"}
    assert answer["status"] == "pending"
    assert answer["message"]
    assert_help_is_there(answer)


def test_pending_comment_is_hidden_from_thread(client: httpx.Client) -> None:
    page = a_page()
    post_comment(client, page)
    shown = thread(client, page)
    assert shown["comments"] == []
    assert shown["count"] == 0
    assert shown["next_cursor"] is None


def test_pending_comment_is_listed_for_the_moderator(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    comment_id = post_comment(client, page, email="lee@example.org", notify=True)["id"]
    (listed,) = queue(client, moderator, page=page)
    assert set(listed) >= STAFF_COMMENT_KEYS
    assert listed["id"] == comment_id
    assert listed["email"] == "lee@example.org"
    assert listed["status"] == "pending"
    assert listed["notify"] is True
    assert listed["decided_at"] is None
    assert listed["priority"] in {"normal", "urgent"}
    assert listed["revision"]
    assert all(reason["code"] and reason["text"] for reason in listed["reasons"])


def test_approved_comment_is_shown_with_public_fields_alone(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    comment_id = publish_comment(
        client, moderator, page, name="Robin", email="r@example.org", message="Day one."
    )
    shown = only_comment(client, page)
    assert set(shown) == PUBLIC_COMMENT_KEYS
    assert (shown["id"], shown["parent_id"], shown["staff"]) == (comment_id, None, False)
    assert (shown["name"], shown["text"]) == ("Robin", "Day one.")
    assert RFC3339_UTC.fullmatch(shown["created_at"])


def test_approval_answers_with_the_comment_at_its_new_revision(client: httpx.Client, moderator: Auth) -> None:
    comment_id = post_comment(client, a_page())["id"]
    before = for_staff(client, moderator, comment_id)["revision"]
    approved = approve(client, moderator, comment_id)
    assert set(approved) >= STAFF_COMMENT_KEYS
    assert approved["status"] == "approved"
    assert approved["revision"] != before
    assert approved["revision"] == for_staff(client, moderator, comment_id)["revision"]
    assert RFC3339_UTC.fullmatch(approved["decided_at"])
    assert approved["decided_by"]


def test_count_follows_approval(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    comment_id = post_comment(client, page)["id"]
    assert counts(client, [page]) == {page: 0}
    approve(client, moderator, comment_id)
    assert counts(client, [page]) == {page: 1}
    assert thread(client, page)["count"] == 1


def test_staff_mail_about_a_comment_has_a_link_and_no_content(client: httpx.Client, mailbox: Mailbox) -> None:
    # The contract does not say which reference a comment's mail carries; its id is what staff can look up.
    answer = post_comment(
        client,
        a_page(),
        name="Marigold Quince",
        email="marigold@example.org",
        message="An ibis in the marsh.",
    )
    mail = mailbox(lambda mail: answer["id"] in mail.body)
    assert "http://" in mail.body or "https://" in mail.body
    for private in ("Marigold", "Quince", "marigold", "ibis", "marsh"):
        assert private not in mail.body
        assert private not in mail.recipients


def test_enquiry_is_accepted_with_a_reference_to_say_on_the_phone(client: httpx.Client) -> None:
    answer = post_enquiry(client)
    assert set(answer) == {"reference", "message", "help"}
    assert 6 <= len(answer["reference"]) <= 16
    assert_help_is_there(answer)


def test_admissions_mail_about_an_enquiry_has_its_reference_and_no_private_word(
    client: httpx.Client, mailbox: Mailbox
) -> None:
    answer = post_enquiry(
        client,
        name="Tansy Larkspur",
        email="tansy@example.org",
        phone="555 0177 2299",
        message="My brother drinks turpentine.",
    )
    mail = mailbox(
        lambda mail: answer["reference"] in mail.subject and "tansy@example.org" not in mail.recipients
    )
    for private in ("Tansy", "tansy", "Larkspur", "0177 2299", "brother", "turpentine"):
        assert private not in mail.body
        assert private not in mail.recipients
    assert "addict" not in mail.subject.lower()


def test_admissions_list_and_read_the_enquiry(client: httpx.Client, admissions: Auth) -> None:
    written = {
        "name": "Sam",
        "email": "sam.reads@example.org",
        "phone": "+1 555 0100",
        "message": "Is there a bed?\nPlease do not call at work.",
        "contact_by": ["email", "text"],
    }
    reference = post_enquiry(client, **written)["reference"]
    # What arrives without a form token may be held as suspect, so look for it in both places.
    listed = [*inbox(client, admissions, status="new"), *inbox(client, admissions, status="spam")]
    (item,) = [enquiry for enquiry in listed if enquiry["reference"] == reference]
    assert item["status"] == "new"

    response = client.get(f"{STAFF_ENQUIRIES}/{reference}", headers=admissions)
    assert response.status_code == 200, response.text
    read = response.json()
    assert set(read) >= ENQUIRY_KEYS
    assert {key: read[key] for key in written} == written
    assert read["topic"] == "admissions"
    assert response.headers["etag"] == f'"{read["revision"]}"'
