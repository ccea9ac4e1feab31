"""Everything that is held about one address is handed over: in any status, however it is spelt, in pages."""

import json
import shutil
from typing import Any

import pytest

from chalicelib.storage.seal import UNREADABLE
from tests.acts import add_comment, decide, everything_stored, post_enquiry, publish
from tests.commands.typing import done
from tests.faults import FailingClient, desk_on, refused
from tests.people.lives import EMAIL, NAME, NOTE, OTHER, SPELLINGS, comment, enquiry, export, export_all, live
from tests.stack import Stack
from tests.storage.test_unreadable import spoil

LISTS = ("comments", "enquiries", "deliveries", "suppressions", "guard", "audit")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_that_is_held_is_found_however_the_address_is_spelt(stack: Stack, spelling: str) -> None:
    life = live(stack)
    publish(stack, message="Somebody else's.", **OTHER)
    found = export(stack, spelling).json
    assert [c["id"] for c in found["comments"]] == life["comments"]
    assert {c["status"] for c in found["comments"]} == {"pending", "approved", "spam", "rejected"}
    assert {c["name"] for c in found["comments"]} == {NAME}
    assert [e["reference"] for e in found["enquiries"]] == life["enquiries"]
    assert [n["text"] for e in found["enquiries"] for n in e["notes"]] == [NOTE]
    assert {d["kind"] for d in found["deliveries"]} == {
        "enquiry_received",
        "comment_published",
        "comment_answered",
    }
    assert all("recipient" not in json.dumps(delivery) for delivery in found["deliveries"])
    assert [s["cause"] for s in found["suppressions"]] == ["unsubscribed"]
    assert [g["kind"] for g in found["guard"]] == ["acknowledged"]
    assert (found["complete"], found["next_cursor"]) == (True, None)


def test_nobody_knows_an_address_that_never_wrote(stack: Stack) -> None:
    live(stack)
    reply = export(stack, "nobody@visitor.example")
    assert reply.status == 200
    assert {name: reply.json[name] for name in LISTS} == {name: [] for name in LISTS}
    assert reply.json["complete"] is True
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "robin"}, "email"),
        ({"email": f"Jo <{EMAIL}>"}, "email"),
        ({"email": ["a@b.example"]}, "email"),
        ({"email": EMAIL, "name": "x"}, "name"),
    ],
)
@pytest.mark.parametrize("what", ["export", "erase"])
def test_what_is_no_address_is_refused(stack: Stack, what: str, body: Any, field: str) -> None:
    comment(stack, "1")
    before = everything_stored(stack)
    reply = stack.call("POST", f"/v1/staff/people/{what}", body, role="admin")
    assert (reply.status, reply.json["code"]) == (422, "invalid_fields")
    assert [error["field"] for error in reply.json["errors"]] == [field]
    assert everything_stored(stack) == before
    assert "robin" not in reply.text.casefold()


def test_what_cannot_be_opened_is_shown_as_such(stack: Stack) -> None:
    comment_id, reference = comment(stack, "1"), enquiry(stack, "2")
    spoil(stack, "CommentsTable", {"comment_id": {"S": comment_id}})
    spoil(stack, "EnquiriesTable", {"reference": {"S": reference}})
    found = export(stack).json
    assert [c["text"] for c in found["comments"]] == [UNREADABLE]
    assert [e["message"] for e in found["enquiries"]] == [UNREADABLE]


def test_what_was_hashed_under_an_older_secret_is_found(stack: Stack, tmp_path: Any) -> None:
    stack.keys = {name: shutil.copy(path, str(tmp_path)) for name, path in stack.keys.items()}
    life = live(stack)
    for _ in range(2):
        done(stack, "keys", "rotate", "--hmac")
        stack._desks = {}
    later = comment(stack, "after the rotation")
    found = export_all(stack)
    assert sorted(c["id"] for c in found["comments"]) == sorted([*life["comments"], later])
    assert [e["reference"] for e in found["enquiries"]] == life["enquiries"]
    assert (len(found["suppressions"]), len(found["guard"])) == (1, 1)


# ---- in pages


@pytest.mark.parametrize("most", [1, 2, 500])
@pytest.mark.parametrize("limit", ["items", "bytes", "time"])
def test_pages_together_are_the_whole(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    live(stack)
    whole = export_all(stack)
    if limit == "time":
        monkeypatch.setattr("chalicelib.api.people._TIME_TO_BEGIN", stack.now - stack.now)
    else:
        name, scale = ("_MOST_ITEMS", 1) if limit == "items" else ("_MOST_BYTES", 900)
        monkeypatch.setattr(f"chalicelib.api.people.{name}", most * scale)
    monkeypatch.setattr("chalicelib.people._LOOKED_THROUGH_AT_ONCE", most)
    assert export(stack).json["complete"] is (most == 500 and limit != "time")
    pages = export_all(stack)
    for name in ("comments", "enquiries", "deliveries", "suppressions", "guard"):
        assert pages[name] == whole[name]
    # The exports are in the trail too, each later one with those before it.
    acts = [entry for entry in pages["audit"] if entry["action"] != "export"]
    assert acts == [entry for entry in whole["audit"] if entry["action"] != "export"]


class OneAtATime:
    """Hands all to DynamoDB, and has every query stop after one item, as it does after 1 MB."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.queries = 0

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def query(self, **request: Any) -> Any:
        self.queries += 1
        return self._client.query(**{**request, "Limit": 1})


def test_queries_that_stop_after_each_item_lose_none(stack: Stack) -> None:
    live(stack)
    whole = export(stack).json
    client = OneAtATime(stack.dynamodb)
    found = export(stack, desk=desk_on(stack, "staff", client)).json
    assert client.queries > len(whole["comments"]) + len(whole["enquiries"])
    for name in ("comments", "enquiries", "deliveries"):
        assert found[name] == whole[name]
    assert {e["subject"] for e in found["audit"]} == {e["subject"] for e in whole["audit"]} | {
        whole["request"]
    }


def test_cursor_is_bound_to_its_person_and_signed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    live(stack)
    monkeypatch.setattr("chalicelib.api.people._MOST_ITEMS", 1)
    cursor = export(stack).json["next_cursor"]
    assert export(stack, SPELLINGS[1], cursor=cursor).status == 200
    for bad in (cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), "x", "", f"{cursor}é"):
        assert export(stack, cursor=bad).json["code"] == "bad_cursor"
    other = export(stack, "kim@visitor.example", cursor=cursor)
    assert (other.status, other.json["code"]) == (400, "bad_cursor")
    listed = stack.call("GET", "/v1/staff/comments", role="admin", query={"cursor": cursor})
    assert listed.status == 400


def test_cursor_holds_no_hash_of_the_address(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is signed, not secret."""
    from base64 import urlsafe_b64decode  # noqa: PLC0415

    live(stack)
    monkeypatch.setattr("chalicelib.api.people._MOST_ITEMS", 1)
    monkeypatch.setattr("chalicelib.people._LOOKED_THROUGH_AT_ONCE", 1)
    address_hmac = stack.desk("staff").hasher.address(EMAIL)
    more: dict[str, str] = {}
    for _ in range(100):
        cursor = export(stack, **more).json["next_cursor"]
        if cursor is None:
            return
        body = cursor.partition(".")[0]
        assert address_hmac not in urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        more = {"cursor": cursor}
    raise AssertionError("it never comes to an end")


# ---- the audit trail


def test_who_saw_and_did_what_is_told_lists_included(stack: Stack) -> None:
    life = live(stack)
    stranger = add_comment(stack, message="Another.", **OTHER)
    post_enquiry(stack, **OTHER)
    stack.later(minutes=1)
    stack.call("GET", "/v1/staff/comments", role="moderator")
    stack.call("GET", "/v1/staff/enquiries", role="admissions")
    stack.call("GET", f"/v1/staff/enquiries/{life['enquiries'][0]}", role="admissions")
    stack.later(days=28)
    export(stack)
    told = export(stack).json["audit"]
    lists = {e["subject"]: e["ids"] for e in told if e["action"] == "list"}
    assert lists == {
        "comments/token:moderator": [life["comments"][0]],
        "enquiries/token:admissions": [life["enquiries"][0]],
    }
    acts = {(e["action"], e["subject"]) for e in told}
    assert ("decide", life["comments"][1]) in acts
    assert ("note", life["enquiries"][2]) in acts
    assert ("read", life["enquiries"][0]) in acts
    assert [e["ids"] for e in told if e["action"] == "export"] == [[*life["comments"], *life["enquiries"]]]
    assert stranger not in json.dumps(told)
    assert [e["at"] for e in told] == sorted((e["at"] for e in told), reverse=True)


def test_export_is_noted_before_it_is_shown_and_names_nobody(stack: Stack) -> None:
    life = live(stack)
    found = export(stack).json
    query = {"subject": found["request"]}
    [entry] = stack.call("GET", "/v1/staff/audit", role="admin", query=query).json["entries"]
    assert (entry["actor"], entry["action"]) == ("token:admin", "export")
    assert entry["ids"] == [*life["comments"], *life["enquiries"]]
    nobody = export(stack, "nobody@visitor.example").json["request"]
    [entry] = stack.call("GET", "/v1/staff/audit", role="admin", query={"subject": nobody}).json["entries"]
    assert entry["ids"] == []
    trail = repr(stack.items("AuditTable"))
    for email in (EMAIL, "nobody@visitor.example"):
        assert stack.desk("staff").hasher.address(email) not in trail
        assert email.casefold() not in trail.casefold()


def test_nothing_is_shown_where_it_cannot_be_noted(stack: Stack) -> None:
    live(stack)
    client = FailingClient(refused("InternalServerError"), stack.dynamodb, ("transact_write_items",))
    reply = export(stack, desk=desk_on(stack, "staff", client))
    assert (reply.status, reply.json["code"]) == (503, "unavailable")


def test_what_has_expired_is_not_shown(stack: Stack) -> None:
    spam = comment(stack, "spam")
    decide(stack, spam, '"1"', status="spam")
    enquiry(stack, "spam", website="x")
    kept = comment(stack, "kept")
    stack.later(days=31)
    found = export(stack).json
    assert [c["id"] for c in found["comments"]] == [kept]
    assert found["enquiries"] == []
