"""Admissions at work: status, assignee, notes, and the clock of the first reply."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from chalicelib.enquiries import EnquiryChange, change_enquiry
from chalicelib.errors import StaleRevision
from tests.acts import ENQUIRY, everything_stored, post_enquiry
from tests.acts import change_enquiry as change
from tests.stack import Stack

STATUSES = ["new", "in_progress", "closed", "spam"]


@pytest.fixture
def reference(stack: Stack) -> str:
    return str(post_enquiry(stack, phone="555 0100").json["reference"])


def read(stack: Stack, reference: str) -> Any:
    reply = stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions")
    assert reply.status == 200
    return reply.json


def stored(stack: Stack) -> dict[str, Any]:
    [item] = stack.items("EnquiriesTable")
    return item


# ---- status


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_every_status_may_become_every_other_but_not_itself(
    stack: Stack, reference: str, before: str, after: str
) -> None:
    if before != "new":
        assert change(stack, reference, '"1"', status=before).status == 200
    everything = everything_stored(stack)
    revision = 1 if before == "new" else 2
    reply = change(stack, reference, f'"{revision}"', status=after)
    if before == after:
        assert (reply.status, reply.json["code"]) == (409, "illegal_transition")
        assert everything_stored(stack) == everything
    else:
        assert (reply.status, reply.json["status"], reply.json["revision"]) == (200, after, revision + 1)
        assert reply.headers["etag"] == f'"{revision + 1}"'
        for status in STATUSES:
            for query in ({"status": status}, {"status": status, "topic": "admissions"}):
                listed = stack.call("GET", "/v1/staff/enquiries", role="admissions", query=query).json
                assert [e["reference"] for e in listed["enquiries"]] == [reference] * (status == after)


def test_change_touches_nothing_of_the_letter(stack: Stack, reference: str) -> None:
    before = read(stack, reference)
    change(stack, reference, '"1"', status="in_progress", assignee="Kim", note="Called back.")
    after = read(stack, reference)
    same = set(before) - {"status", "assignee", "notes", "revision", "history"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert {name: after[name] for name in ENQUIRY} == ENQUIRY


def test_spam_expires_from_when_it_became_spam_and_no_more_when_it_is_brought_back(
    stack: Stack, reference: str
) -> None:
    stack.later(days=10)
    change(stack, reference, '"1"', status="spam")
    expiry = int((stack.now + timedelta(days=30)).timestamp())
    assert int(stored(stack)["expires_at"]["N"]) == expiry
    stack.later(days=5)
    # A note is no new beginning.
    assert change(stack, reference, '"2"', note="Again.").status == 200
    assert int(stored(stack)["expires_at"]["N"]) == expiry
    assert change(stack, reference, '"3"', status="new").status == 200
    assert "expires_at" not in stored(stack)
    stack.later(days=60)
    assert read(stack, reference)["status"] == "new"


def test_spam_whose_time_is_up_cannot_be_brought_back(stack: Stack, reference: str) -> None:
    change(stack, reference, '"1"', status="spam")
    stack.later(days=31)
    assert change(stack, reference, "*", status="new").status == 404


# ---- assignee and notes


def test_assignee_is_set_kept_and_cleared(stack: Stack, reference: str) -> None:
    assert change(stack, reference, '"1"', assignee="Kim").json["assignee"] == "Kim"
    assert change(stack, reference, '"2"', status="in_progress").json["assignee"] == "Kim"
    assert change(stack, reference, '"3"', assignee="Lou").json["assignee"] == "Lou"
    assert change(stack, reference, '"4"', assignee=None).json["assignee"] is None
    assert read(stack, reference)["assignee"] is None


def test_notes_add_up_with_their_time_and_author(stack: Stack, reference: str) -> None:
    first = stack.now
    change(stack, reference, '"1"', note="Called: no answer.\nTry again.")
    stack.later(minutes=5)
    shown = change(stack, reference, '"2"', note="Reached.").json["notes"]
    assert [note["text"] for note in shown] == ["Called: no answer.\nTry again.", "Reached."]
    assert {note["actor"] for note in shown} == {"token:admissions"}
    assert [note["at"] for note in shown] == ["2026-03-04T05:06:07.890Z", "2026-03-04T05:11:07.890Z"]
    assert stack.now - first == timedelta(minutes=5)
    assert read(stack, reference)["notes"] == shown
    listed = stack.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
    assert listed[0]["notes"] == shown


def test_what_staff_write_is_sealed_and_not_in_the_audit(stack: Stack, reference: str) -> None:
    change(stack, reference, '"1"', assignee="Kim Ibis", note="Her brother marabou called.")
    everything = repr(everything_stored(stack)).casefold()
    assert [word for word in ("ibis", "marabou", "brother") if word in everything] == []


def test_resealing_keeps_notes_and_assignee(stack: Stack, reference: str) -> None:
    shown = change(stack, reference, '"1"', assignee="Kim", note="Reached.").json
    table = stack.desk("staff").store.enquiries
    assert table.reseal(lambda address: f"h2.{address}").renewed == 1
    assert read(stack, reference)["notes"] == shown["notes"]
    assert read(stack, reference)["assignee"] == "Kim"


def test_notes_have_an_end_below_what_the_database_holds(stack: Stack, reference: str) -> None:
    full = "\U0001f54a" * 2000
    for n in range(25):
        assert change(stack, reference, f'"{n + 1}"', note=full).status == 200
    reply = change(stack, reference, '"26"', note="x", status="closed")
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, "note")
    assert change(stack, reference, '"26"', status="closed").status == 200
    assert len(stored(stack)["letter_sealed"]["B"]) < 400_000 / 1.5


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": None},
        {"note": None},
        {"status": "open"},
        {"status": "pending"},
        {"note": ""},
        {"note": " "},
        {"note": "x" * 2001},
        {"assignee": ""},
        {"assignee": "x" * 81},
        {"assignee": 7},
        {"status": "closed", "topic": "family"},
    ],
)
def test_bad_change_is_refused(stack: Stack, reference: str, body: dict[str, Any]) -> None:
    before = everything_stored(stack)
    assert change(stack, reference, '"1"', **body).status == 422
    assert everything_stored(stack) == before


# ---- revisions


@pytest.mark.parametrize(
    ("if_match", "status"), [('"1"', 200), ("*", 200), ('"2"', 412), ('W/"1"', 412), ("1", 412)]
)
def test_change_is_made_on_the_revision_that_was_seen(
    stack: Stack, reference: str, if_match: str, status: int
) -> None:
    before = everything_stored(stack)
    assert change(stack, reference, if_match, status="closed").status == status
    assert (everything_stored(stack) == before) is (status != 200)


def test_change_without_a_revision_is_refused(stack: Stack, reference: str) -> None:
    path = f"/v1/staff/enquiries/{reference}"
    reply = stack.call("PATCH", path, {"status": "closed"}, role="admissions")
    assert (reply.status, reply.json["code"]) == (428, "revision_required")


def test_change_that_was_overtaken_between_reading_and_writing_is_stale(stack: Stack, reference: str) -> None:
    store = stack.desk("staff").store
    seen = store.get_enquiry(reference)
    assert change(stack, reference, "*", note="First.").status == 200

    class Late:
        get_enquiry = staticmethod(lambda _reference: seen)
        record_change = staticmethod(store.record_change)

    before = everything_stored(stack)
    late: Any = Late()
    with pytest.raises(StaleRevision):
        change_enquiry(reference, EnquiryChange(note="Second."), None, "token:x", stack.now, late)
    assert everything_stored(stack) == before


@pytest.mark.parametrize("unknown", ["AAAAA-AAAAA", "c0nothing", "x" * 65])
def test_unknown_reference_is_not_found(stack: Stack, unknown: str) -> None:
    assert change(stack, unknown, "*", status="closed").status == 404


def test_enquiry_that_cannot_be_opened_is_not_overwritten(stack: Stack, reference: str) -> None:
    stack.dynamodb.update_item(
        TableName=stack.table("EnquiriesTable"),
        Key={"reference": {"S": reference}},
        UpdateExpression="SET letter_sealed = :sealed",
        ExpressionAttributeValues={":sealed": {"B": b"s1:garbage"}},
    )
    for body in ({"status": "closed"}, {"note": "x"}, {"assignee": "Kim"}):
        reply = change(stack, reference, '"1"', **body)
        assert (reply.status, reply.json["code"]) == (409, "illegal_transition")
    assert stored(stack)["letter_sealed"]["B"] == b"s1:garbage"


# ---- history and clock


def test_history_tells_each_change_and_reading_without_what_was_typed(stack: Stack, reference: str) -> None:
    change(stack, reference, '"1"', status="in_progress", assignee="Kim", note="Called.")
    history = read(stack, reference)["history"]
    assert [(h["action"], h["from"], h["to"], h["reason"]) for h in history] == [
        ("decide", "new", "in_progress", None),
        ("assign", None, None, None),
        ("note", None, None, None),
        ("read", None, None, None),
    ]
    assert {h["actor"] for h in history} == {"token:admissions"}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("hours", "setting"), [(23, ""), (25, ""), (3, "2"), (1, "2")])
def test_enquiry_that_waits_too_long_is_overdue(stack: Stack, status: str, hours: int, setting: str) -> None:
    stack.settings |= {"REPLY_HOURS": setting}
    reference = post_enquiry(stack).json["reference"]
    if status != "new":
        change(stack, reference, "*", status=status)
    stack.later(hours=hours)
    shown = read(stack, reference)
    waits = status in ("new", "in_progress")
    assert shown["overdue"] is (waits and hours > int(setting or 24))
    assert shown["age_seconds"] == (hours * 3600 if waits else None)
