"""Deciding from the mail: the link opens a page, the page's button decides, once, and nothing else does."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib import credentials
from chalicelib.api.requests import FORM
from chalicelib.decision_links import LINK_LIFE
from chalicelib.privacy.keys import add_sealing_key
from tests.acts import (
    add_comment,
    decide,
    decision_link,
    everything_stored,
    press,
    publish,
    read_thread,
)
from tests.stack import Reply, Stack

PRIVATE = {"name": "Zaphod <b>", "email": "zaphod@visitor.example", "message": "Quux & <i>sober</i>\n\nNow."}


def stored_but_for_readings(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    stored = everything_stored(stack)
    stored["AuditTable"] = [entry for entry in stored["AuditTable"] if entry["action"]["S"] != "read"]
    return stored


def status_of(stack: Stack, comment_id: str) -> str:
    return stack.desk("staff").store.get_comment(comment_id).status


def tampered(path: str) -> str:
    return path[:-1] + ("A" if path[-1] != "A" else "Q")


# ---- the page


def test_page_shows_the_comment_its_page_its_reasons_and_three_buttons(stack: Stack) -> None:
    path = decision_link(stack, add_comment(stack, **PRIVATE))
    page = stack.call("GET", path)
    assert page.status == 200
    assert "Zaphod &lt;b&gt;" in page.text
    assert "Quux &amp; &lt;i&gt;sober&lt;/i&gt;" in page.text
    assert "example.org/a" in page.text
    assert "It did not come through the site&#39;s form." in page.text
    buttons = re.findall(r'<button type="submit" name="status" value="(\w+)"[^>]*>(\w+)<', page.text)
    assert buttons == [("approved", "Approve"), ("rejected", "Reject"), ("spam", "Spam")]


def test_page_shows_no_address_and_repeats_no_token(stack: Stack) -> None:
    path = decision_link(stack, add_comment(stack, **PRIVATE))
    page = stack.call("GET", path)
    assert "visitor.example" not in page.text
    assert path.rpartition("/")[2] not in page.text + str(page.headers)


def test_page_offers_only_what_changes_something(stack: Stack) -> None:
    page = stack.call("GET", decision_link(stack, publish(stack), revision=2))
    assert re.findall(r'value="(\w+)"', page.text) == ["rejected", "spam"]


def test_page_runs_no_script_and_is_kept_shown_and_indexed_nowhere(stack: Stack) -> None:
    comment_id = add_comment(stack)
    path = decision_link(stack, comment_id)
    for reply in (stack.call("GET", path), press(stack, path, "approved"), stack.call("GET", path)):
        policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))
        assert (policy["default-src"], policy["form-action"]) == ("'none'", "'self'")
        assert policy["frame-ancestors"] == "'none'"
        assert "script-src" not in policy
        assert "<script" not in reply.text
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["x-robots-tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in reply.text
        assert "//" not in re.sub("<!doctype html>", "", reply.text), "nothing from elsewhere"


def test_comment_that_cannot_be_opened_has_no_buttons_and_cannot_be_decided_on(stack: Stack) -> None:
    comment_id = add_comment(stack)
    key = {"comment_id": {"S": comment_id}}
    stack.dynamodb.update_item(
        TableName=stack.table("CommentsTable"),
        Key=key,
        UpdateExpression="SET letter_sealed = :x",
        ExpressionAttributeValues={":x": {"B": b"s1:broken"}},
    )
    path = decision_link(stack, comment_id)
    page = stack.call("GET", path)
    assert (page.status, "<button" in page.text) == (200, False)
    assert press(stack, path, "approved").status == 409
    assert status_of(stack, comment_id) == "pending"


# ---- looking changes nothing


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_hundred_looks_change_nothing_and_leave_one_entry(stack: Stack, method: str) -> None:
    comment_id = add_comment(stack)
    path = decision_link(stack, comment_id)
    before = everything_stored(stack)
    for _ in range(100):
        assert stack.call(method, path).status == 200
    after = everything_stored(stack)
    [entry] = after.pop("AuditTable")
    assert (entry["actor"]["S"], entry["action"]["S"]) == ("link:d01-ab", "read")
    assert entry["read_ids"]["S"] == comment_id
    assert before.pop("AuditTable") == []
    assert after == before
    assert press(stack, path, "approved").status == 200


def test_looking_leaves_an_entry_an_hour_for_each_link(stack: Stack) -> None:
    comment_id = add_comment(stack)
    paths = [decision_link(stack, comment_id, delivery_id=f"d01-{n}") for n in "ab"]
    for _ in range(3):
        for path in paths * 2:
            stack.call("GET", path)
        stack.later(minutes=61)
    actors = [entry["actor"]["S"] for entry in stack.items("AuditTable")]
    assert sorted(actors) == ["link:d01-a"] * 3 + ["link:d01-b"] * 3


# ---- pressing a button acts once


@pytest.mark.parametrize("status", ["approved", "rejected", "spam"])
def test_button_decides_in_the_name_of_the_mail(stack: Stack, status: str) -> None:
    comment_id = add_comment(stack)
    reply = press(stack, decision_link(stack, comment_id), status)
    assert (reply.status, f"<strong>{status}</strong>" in reply.text) == (200, True)
    comment = stack.desk("staff").store.get_comment(comment_id)
    assert (comment.status, comment.decided_by, comment.revision) == (status, "link:d01-ab", 2)
    [entry] = stack.items("AuditTable")
    told = [entry[name]["S"] for name in ("subject", "actor", "action", "before", "after")]
    assert told == [comment_id, "link:d01-ab", "decide", "pending", status]
    assert read_thread(stack)["count"] == (status == "approved")


@pytest.mark.parametrize("second", ["approved", "rejected", "spam"])
def test_second_press_is_told_that_it_has_been_decided(stack: Stack, second: str) -> None:
    path = decision_link(stack, add_comment(stack))
    assert press(stack, path, "approved").status == 200
    stored = everything_stored(stack)
    for reply in (press(stack, path, second), stack.call("GET", path)):
        assert (reply.status, "Decided already" in reply.text) == (409, True)
        assert "<strong>approved</strong>" in reply.text
        assert "<button" not in reply.text
    assert everything_stored(stack) == stored


def test_link_holds_for_its_revision_alone(stack: Stack) -> None:
    comment_id = add_comment(stack, **PRIVATE)
    path = decision_link(stack, comment_id)
    # Pending again, and yet not as it was when the mail was written.
    decide(stack, comment_id, '"1"', status="spam")
    decide(stack, comment_id, '"2"', status="pending")
    stored = everything_stored(stack)
    assert press(stack, path, "approved").status == 409
    page = stack.call("GET", path)
    assert (page.status, "Quux" in page.text) == (409, False)
    assert everything_stored(stack) == stored
    assert press(stack, decision_link(stack, comment_id, revision=3), "approved").status == 200


def test_link_decides_on_no_other_comment(stack: Stack) -> None:
    one, other = add_comment(stack), add_comment(stack, message="Another.")
    assert press(stack, decision_link(stack, one), "approved").status == 200
    assert status_of(stack, other) == "pending"


# ---- links that do not work


def test_forged_link_is_not_found_whatever_it_is_for(stack: Stack) -> None:
    comment_id = add_comment(stack, **PRIVATE)
    good = decision_link(stack, comment_id)
    unknown = decision_link(stack, "c00000000000000000000000000")
    replies = [
        call(stack, method, path)
        for method in ("GET", "POST")
        for path in (tampered(good), tampered(unknown), "/moderate/x", "/moderate/" + "x" * 600)
    ]
    assert {reply.status for reply in replies} == {404}
    assert len({reply.text for reply in replies}) == 1
    assert status_of(stack, comment_id) == "pending"


def call(stack: Stack, method: str, path: str) -> Reply:
    return stack.call("GET", path) if method == "GET" else press(stack, path, "approved")


def test_forged_link_costs_no_round_trip(stack: Stack) -> None:
    path = tampered(decision_link(stack, add_comment(stack)))
    calls: list[str] = []
    events = stack.desk("staff").store.database._client.meta.events

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    events.register("before-call.dynamodb", note)
    try:
        assert stack.call("GET", path).status == 404
    finally:
        events.unregister("before-call.dynamodb", note)
    assert calls == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_link_ends_after_72_hours(stack: Stack, method: str) -> None:
    # Its own time is in whole seconds.
    stack.now = stack.now.replace(microsecond=0)
    comment_id = add_comment(stack, **PRIVATE)
    path = decision_link(stack, comment_id)
    stack.now += LINK_LIFE
    before = everything_stored(stack)
    reply = call(stack, method, path)
    assert (reply.status, "Quux" in reply.text) == (410, False)
    assert everything_stored(stack) == before
    stack.later(seconds=-1)
    assert call(stack, method, path).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("credential", ["link:d01-ab", "links"])
def test_revoked_link_opens_nothing(stack: Stack, method: str, credential: str) -> None:
    comment_id = add_comment(stack, **PRIVATE)
    path, other = (decision_link(stack, comment_id, delivery_id=id_) for id_ in ("d01-ab", "d01-cd"))
    assert stack.call("DELETE", f"/v1/staff/tokens/{credential}", role="admin").status == 204
    before = everything_stored(stack)
    reply = call(stack, method, path)
    assert (reply.status, "Quux" in reply.text) == (410, False)
    assert everything_stored(stack) == before
    # One mail's links are revoked alone; all are, that were issued so far.
    assert call(stack, method, other).status == (200 if credential.startswith("link:") else 410)
    stack.later(seconds=1)
    later = decision_link(stack, add_comment(stack, message="A later one."), delivery_id="d02-ab")
    assert call(stack, method, later).status == 200


def test_revoking_links_is_audited_and_kept_no_longer_than_they_would_live(stack: Stack) -> None:
    credentials.revoke("link:d01-ab", "token:x", stack.now, stack.desk("staff").store)
    [row] = stack.items("StaffTable")
    assert int(row["expires_at"]["N"]) == int((stack.now + LINK_LIFE).timestamp())
    [entry] = stack.items("AuditTable")
    told = [entry[name]["S"] for name in ("subject", "actor", "action")]
    assert told == ["link:d01-ab", "token:x", "revoke_link"]


def test_revocations_are_no_tokens(stack: Stack) -> None:
    """Neither in the list, nor to be shown as one, nor revoked as one."""
    for credential in ("links", "link:d01-ab"):
        credentials.revoke(credential, "token:x", stack.now, stack.desk("staff").store)
    assert stack.call("GET", "/v1/staff/tokens", role="admin").json["tokens"] == []
    for token_id in ("links", "link:d01-ab"):
        assert stack.desk("authorizer").store.find_token(token_id) is None


@pytest.mark.parametrize("made_up", ["link:", "link:é", "LINKS", "links ", "oidc", "t01"])
def test_what_is_no_credential_cannot_be_revoked(stack: Stack, made_up: str) -> None:
    before = everything_stored(stack)
    assert stack.call("DELETE", f"/v1/staff/tokens/{made_up}", role="admin").status == 404
    assert everything_stored(stack) == before


def test_link_to_an_erased_comment_has_ended(stack: Stack) -> None:
    path = decision_link(stack, "c00000000000000000000000000")
    for method in ("GET", "POST"):
        assert call(stack, method, path).status == 410


def test_link_signed_under_a_private_key_of_before_is_not_found(stack: Stack, tmp_path: Path) -> None:
    """Who got hold of an old key decides nothing with it, though what it sealed still opens."""
    comment_id = add_comment(stack)
    path = decision_link(stack, comment_id)
    before = stack.desk("staff")
    documents = (Path(stack.keys[name]).read_text() for name in ("KEYS_FILE", "PRIVATE_KEYS_FILE"))
    for name, document in zip(("KEYS_FILE", "PRIVATE_KEYS_FILE"), add_sealing_key(*documents), strict=True):
        (tmp_path / name).write_text(document)
        stack.settings[name] = str(tmp_path / name)
    rotated = stack.fresh_desk("staff")
    assert rotated.store.get_comment(comment_id).readable
    assert stack.call("GET", path, desk=rotated).status == 404
    assert stack.call("GET", path, desk=before).status == 200


# ---- bad requests, as pages


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("status=approved", "application/json", 415),
        ('{"status": "approved"}', "application/json", 415),
        ("status=approved", "", 415),
        ("status=approved", "multipart/form-data; boundary=x", 415),
        ("status=approved", f"{FORM}; charset=latin-1", 415),
        ("", FORM, 422),
        ("status=", FORM, 422),
        ("status=pending", FORM, 422),
        ("status=APPROVED", FORM, 422),
        ("status=delete", FORM, 422),
        ("other=approved", FORM, 422),
        ("status=%ff", FORM, 400),
        ("status=approved&x=" + "y" * 33_000, FORM, 413),
        ("&".join("x=y" for _ in range(300)), FORM, 400),
    ],
)
def test_what_is_not_the_pages_own_form_decides_nothing(
    stack: Stack, body: str, content_type: str, status: int
) -> None:
    comment_id = add_comment(stack, **PRIVATE)
    path = decision_link(stack, comment_id)
    before = everything_stored(stack)
    reply = stack.call("POST", path, body, content_type=content_type)
    assert reply.status == status
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>" in reply.text
    assert "Quux" not in reply.text
    assert everything_stored(stack) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_by_a_page(stack: Stack, method: str) -> None:
    reply = stack.call(method, decision_link(stack, add_comment(stack)))
    assert (reply.status, reply.headers["allow"]) == (405, "GET")
    assert reply.headers["content-type"].startswith("text/html")


def test_link_grants_nothing_beside_its_page(stack: Stack) -> None:
    token = decision_link(stack, add_comment(stack)).rpartition("/")[2]
    for function in ("public", "authorizer"):
        reply = stack.call("GET", f"/moderate/{token}", desk=stack.desk(function))
        assert reply.status == 404


def test_no_log_line_holds_a_token_or_a_word(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="frontdesk")
    path = decision_link(stack, add_comment(stack, **PRIVATE))
    stack.call("GET", path)
    press(stack, path, "Zaphod")
    press(stack, path, "approved")
    press(stack, path, "spam")
    stack.call("GET", tampered(path))
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "frontdesk"]
    told = [(line["route"], line["status"]) for line in lines if "moderate" in line["route"]]
    page = "/moderate/{token}"
    assert told == [
        (f"GET {page}", 200),
        (f"POST {page}", 422),
        (f"POST {page}", 200),
        (f"POST {page}", 409),
        (f"GET {page}", 404),
    ]
    token = path.rpartition("/")[2]
    for word in (token, token.partition(".")[0], "Zaphod", "Quux", "visitor.example"):
        assert word not in caplog.text
