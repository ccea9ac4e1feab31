"""For the person concerned: what is held is handed over and erased, over HTTP, through the whole stack."""

from uuid import uuid4

import httpx
import pytest

from .conftest import Mailbox
from .stories import (
    ENQUIRIES,
    ENQUIRY_KEYS,
    STAFF_COMMENT_KEYS,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    STAFF_PEOPLE,
    Auth,
    Json,
    a_page,
    an_enquiry,
    answer,
    bad_fields,
    inbox,
    mails,
    post_comment,
    post_enquiry,
    problem,
    publish_comment,
    queue,
    reject,
    thread,
    until,
)

pytestmark = pytest.mark.journey


def ask(client: httpx.Client, auth: Auth, act: str, email: str, **more: str) -> Json:
    response = client.post(f"{STAFF_PEOPLE}/{act}", json={"email": email, **more}, headers=auth)
    assert response.status_code == 200, response.text
    return answer(response)


def a_person() -> str:
    return f"Robin.{uuid4().hex}@example.org"


def live(client: httpx.Client, moderator: Auth, page: str, email: str) -> tuple[list[str], list[str]]:
    """Four comments, one of them public with an answer below it, and two enquiries: their ids."""
    ids = [post_comment(client, page, email=email, message="Waits.")["id"]]
    ids.append(publish_comment(client, moderator, page, email=email.upper(), notify=True))
    ids.append(post_comment(client, page, email=email, message="No.")["id"])
    reject(client, moderator, ids[-1])
    ids.append(post_comment(client, page, email=email, message="Buy.", website="x")["id"])
    publish_comment(client, moderator, page, message="Me too.", parent_id=ids[1])
    references = [post_enquiry(client, email=email)["reference"]]
    references.append(post_enquiry(client, email=email, message="Spam.", website="x")["reference"])
    return ids, references


def test_person_is_handed_over_what_is_held_and_then_erased(
    client: httpx.Client, moderator: Auth, admissions: Auth, admin: Auth, mailbox: Mailbox
) -> None:
    page, email = a_page(), a_person()
    ids, references = live(client, moderator, page, email)
    mailbox(lambda mail: email in mail.recipients and references[0] in mail.body)
    found = ask(client, admin, "export", email.lower())
    assert {comment["id"] for comment in found["comments"]} == set(ids)
    assert all(set(comment) >= STAFF_COMMENT_KEYS for comment in found["comments"])
    assert {enquiry["reference"] for enquiry in found["enquiries"]} == set(references)
    assert all(set(enquiry) >= ENQUIRY_KEYS for enquiry in found["enquiries"])
    assert references[0] in {delivery["subject_id"] for delivery in found["deliveries"]}
    assert {entry["action"] for entry in found["audit"]} >= {"read", "decide"}
    assert [record["kind"] for record in found["guard"]] == ["acknowledged"]

    erased = ask(client, admin, "erase", email)
    assert erased["erased"]["comments"] == len(ids)
    assert erased["erased"]["enquiries"] == len(references)
    assert erased["erased"]["deliveries"] >= 1
    assert erased["erased"]["guard"] == 1

    stub, kept = thread(client, page)["comments"]
    assert (stub["id"], stub["name"], stub["text"]) == (ids[1], "", "")
    assert kept["text"] == "Me too."
    for status in ("pending", "approved", "rejected", "spam"):
        assert not {c["id"] for c in queue(client, moderator, status=status, page=page)} & set(ids)
    for status in ("new", "spam"):
        assert not {e["reference"] for e in inbox(client, admissions, status=status)} & set(references)
    for comment_id in ids:
        problem(client.get(f"{STAFF_COMMENTS}/{comment_id}", headers=moderator), 404, "not_found")
        headers = {**moderator, "If-Match": "*"}
        decided = client.patch(f"{STAFF_COMMENTS}/{comment_id}", headers=headers, json={"status": "approved"})
        problem(decided, 404, "not_found")
    for reference in references:
        problem(client.get(f"{STAFF_ENQUIRIES}/{reference}", headers=admissions), 404, "not_found")


def test_erasing_again_erases_what_came_meanwhile_and_then_nothing(
    client: httpx.Client, moderator: Auth, admin: Auth
) -> None:
    page, email = a_page(), a_person()
    live(client, moderator, page, email)
    ask(client, admin, "erase", email)

    def nothing_left() -> bool:
        """The orders of before come to nothing; one that was in hand may leave a row for the next call."""
        answered = ask(client, admin, "erase", email)
        assert answered["complete"] is True
        return set(answered["erased"].values()) == {0}

    until(nothing_left)
    found = ask(client, admin, "export", email)
    lists = ("comments", "enquiries", "deliveries", "suppressions", "guard", "audit")
    assert {name: found[name] for name in lists} == {name: [] for name in lists}


def test_replay_of_an_erased_enquiry_is_answered_and_not_kept(
    client: httpx.Client, admissions: Auth, admin: Auth
) -> None:
    sent, key = an_enquiry(), {"Idempotency-Key": uuid4().hex}
    first = answer(client.post(ENQUIRIES, json=sent, headers=key))
    ask(client, admin, "erase", sent["email"])
    again = client.post(ENQUIRIES, json=sent, headers=key)
    assert (again.status_code, again.json()["reference"]) == (202, first["reference"])
    problem(client.get(f"{STAFF_ENQUIRIES}/{first['reference']}", headers=admissions), 404, "not_found")


def test_audit_names_the_request_and_not_the_person(client: httpx.Client, admin: Auth) -> None:
    email = a_person()
    reference = post_enquiry(client, email=email)["reference"]
    for act in ("export", "erase"):
        subject = ask(client, admin, act, email)["request"]
        response = client.get("/v1/staff/audit", params={"subject": subject}, headers=admin)
        entries = answer(response)["entries"]
        assert entries[-1]["action"] == act
        assert email.lower() not in response.text.lower()
    response = client.get("/v1/staff/audit", params={"subject": reference}, headers=admin)
    assert answer(response)["entries"][0]["action"] == "erase"


def test_only_admins_may_and_only_an_address_will_do(
    client: httpx.Client, moderator: Auth, admissions: Auth, admin: Auth
) -> None:
    for act in ("export", "erase"):
        path, body = f"{STAFF_PEOPLE}/{act}", {"email": a_person()}
        problem(client.post(path, json=body), 401, "unauthenticated")
        for auth in (moderator, admissions):
            problem(client.post(path, json=body, headers=auth), 403, "forbidden")
        assert bad_fields(client.post(path, json={}, headers=admin)) == {"email"}
        assert bad_fields(client.post(path, json={"email": "robin"}, headers=admin)) == {"email"}
        problem(client.post(path, content="[", headers=admin), 415, "unsupported_media_type")
        problem(client.get(path, headers=admin), 405, "method_not_allowed")
    forged = client.post(f"{STAFF_PEOPLE}/export", json={**body, "cursor": "x"}, headers=admin)
    problem(forged, 400, "bad_cursor")
    assert not [mail for mail in mails(client) if body["email"] in mail.recipients]
