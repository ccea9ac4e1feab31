"""After an erasure nothing of the person is kept anywhere; what others wrote, and mail about them, stays."""

import shutil
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import people
from chalicelib.audit import find_break
from tests.acts import (
    add_comment,
    answer,
    assert_recount,
    change_enquiry,
    decide,
    everything_stored,
    post_comment,
    post_enquiry,
    publish,
    read_thread,
)
from tests.commands.typing import done
from tests.faults import FailingClient, desk_on, refused
from tests.mail.mails import deliveries, ses_error
from tests.mail.test_suppression import PERMANENT, report
from tests.people.lives import (
    EMAIL,
    MAILBOX,
    NAME,
    OTHER,
    SPELLINGS,
    WORDS,
    comment,
    enquiry,
    erase,
    export,
    kept_of,
    live,
    traces_of,
)
from tests.people.test_export import LISTS, OneAtATime
from tests.stack import FakeSes, Stack
from tests.storage.test_unreadable import spoil

NONE = {"comments": 0, "enquiries": 0, "deliveries": 0, "suppressions": 0, "guard": 0}


def erase_until_complete(stack: Stack, **more: Any) -> Counter[str]:
    erased: Counter[str] = Counter()
    for _ in range(100):
        answer = erase(stack, **more)
        erased.update(answer["erased"])
        if answer["complete"]:
            return erased
    raise AssertionError("it never comes to an end")


@pytest.mark.parametrize("spelling", [EMAIL, SPELLINGS[2]])
def test_nothing_is_kept_of_the_person(stack: Stack, spelling: str) -> None:
    live(stack)
    assert traces_of(stack)
    answer = erase(stack, spelling)
    assert answer["erased"] == {**NONE, "comments": 4, "enquiries": 3, "deliveries": 4} | {
        "suppressions": 1,
        "guard": 1,
    }
    assert (answer["complete"], answer["kept"]) == (True, {"deliveries": 0})
    assert traces_of(stack) == set()
    found = export(stack).json
    assert {name: found[name] for name in LISTS} == {name: [] for name in LISTS}


def test_search_finds_each_kind_of_trace_before(stack: Stack) -> None:
    """Else finding nothing afterwards proves nothing."""
    live(stack)
    places = {trace.rpartition(" in ")[2] for trace in traces_of(stack)}
    assert places >= {
        "CommentsTable.letter_sealed",
        "CommentsTable.author_hmac",
        "CommentsTable.public_json",
        "EnquiriesTable.letter_sealed",
        "EnquiriesTable.enquirer_hmac",
        "OutboxTable.recipient_sealed",
        "OutboxTable.recipient_hmac",
        "SuppressionsTable.address_hmac",
        "GuardTable.guard_key",
    }


def test_erasing_twice_erases_nothing_the_second_time(stack: Stack) -> None:
    live(stack)
    erase(stack)
    again = erase(stack)
    assert (again["erased"], again["complete"]) == (NONE, True)
    assert erase(stack, "nobody@visitor.example")["erased"] == NONE


def test_what_others_wrote_stays_with_its_place_in_the_thread(stack: Stack) -> None:
    life = live(stack)
    other = publish(stack, message="Mine.", **OTHER)
    reference = post_enquiry(stack, **OTHER).json["reference"]
    stack.deliver(FakeSes())
    erase(stack)
    shown = assert_recount(stack)
    # Its stub stays, for it has two answers.
    assert shown[0] == life["comments"][1]
    assert len(shown) == 4
    assert other in shown
    stub = read_thread(stack)["comments"][0]
    assert (stub["name"], stub["text"], stub["html"]) == ("", "", "")
    kept = export(stack, "kim@visitor.example").json
    assert len(kept["comments"]) == 2
    assert [e["reference"] for e in kept["enquiries"]] == [reference]
    assert [d["subject_id"] for d in kept["deliveries"]] == [reference]


def test_for_staff_what_was_erased_is_not_there(stack: Stack) -> None:
    life = live(stack)
    erase(stack)
    before = everything_stored(stack)
    for comment_id in life["comments"]:
        assert decide(stack, comment_id, "*", status="approved").status == 404
        assert answer(stack, comment_id).status == 404
    for reference in life["enquiries"]:
        path = f"/v1/staff/enquiries/{reference}"
        assert stack.call("GET", path, role="admissions").status == 404
        assert change_enquiry(stack, reference, "*", status="closed").status == 404
    for status in ("new", "in_progress", "closed", "spam"):
        query = {"status": status, "topic": "admissions"}
        listed = stack.call("GET", "/v1/staff/enquiries", role="admissions", query=query)
        assert listed.json["enquiries"] == []
    assert everything_stored(stack) == before


def test_what_cannot_be_opened_is_erased(stack: Stack) -> None:
    comment_id, reference = comment(stack, "1"), enquiry(stack, "2")
    spoil(stack, "CommentsTable", {"comment_id": {"S": comment_id}})
    spoil(stack, "EnquiriesTable", {"reference": {"S": reference}})
    assert erase(stack)["erased"] == {**NONE, "comments": 1, "enquiries": 1}
    assert "garbage" not in repr(everything_stored(stack))


def test_what_has_expired_and_is_only_not_deleted_yet_is_erased(stack: Stack) -> None:
    live(stack)
    stack.later(days=365)
    erased = erase(stack)["erased"]
    assert (erased["comments"], erased["enquiries"], erased["deliveries"]) == (4, 3, 4)
    assert traces_of(stack) == set()


def test_what_was_hashed_under_an_older_secret_is_erased(stack: Stack, tmp_path: Any) -> None:
    stack.keys = {name: shutil.copy(path, str(tmp_path)) for name, path in stack.keys.items()}
    live(stack)
    done(stack, "keys", "rotate", "--hmac")
    stack._desks = {}
    comment(stack, "after the rotation")
    stack.later(days=2)
    enquiry(stack, "after the rotation")
    stack.deliver(FakeSes())
    erased = erase(stack)["erased"]
    assert erased == {"comments": 5, "enquiries": 4, "deliveries": 5, "suppressions": 1, "guard": 2}
    assert traces_of(stack) == set()


# ---- in steps


def test_calls_that_run_out_of_time_together_erase_all(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    live(stack)
    monkeypatch.setattr("chalicelib.api.people._TIME_TO_BEGIN", stack.now - stack.now)
    monkeypatch.setattr("chalicelib.people._DELETED_AT_ONCE", 1)
    # With no time at all there is one step a call, and the last step is not known to be it.
    first = erase(stack)
    assert (first["erased"], first["complete"]) == ({**NONE, "comments": 1}, False)
    erased = Counter(first["erased"])
    for _ in range(12):
        assert traces_of(stack)
        erased.update(erase(stack)["erased"])
    assert traces_of(stack) == set()
    assert erased == {"comments": 4, "enquiries": 3, "deliveries": 4, "suppressions": 1, "guard": 1}
    monkeypatch.undo()
    assert erase(stack) | {"request": ""} == {
        "request": "",
        "erased": NONE,
        "kept": {"deliveries": 0},
        "complete": True,
    }


def test_queries_that_stop_after_each_item_erase_all(stack: Stack) -> None:
    live(stack)
    desk = desk_on(stack, "staff", OneAtATime(stack.dynamodb))
    assert erase(stack, desk=desk)["erased"]["comments"] == 4
    assert traces_of(stack) == set()


def test_more_deliveries_than_a_transaction_holds(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.people._DELETED_AT_ONCE", 2)
    for n in range(5):
        publish(stack, email=EMAIL, message=f"{n}", notify=True)
    stack.deliver(FakeSes())
    assert erase(stack)["erased"]["deliveries"] == 5
    assert deliveries_to_visitors(stack) == []


def deliveries_to_visitors(stack: Stack) -> list[str]:
    return [d["kind"] for d in deliveries(stack) if d["kind"] != "comment_submitted"]


@pytest.mark.parametrize("failing", [1, 5, 14, 24, 32])
def test_erasure_that_storage_stopped_goes_on(stack: Stack, failing: int) -> None:
    live(stack)

    class Failing(FailingClient):
        def __getattr__(self, operation: str) -> Any:
            call = super().__getattr__(operation)
            if len(self.calls) + 1 >= failing:
                self._operations = ("transact_write_items",)
            return call

    client = Failing(refused("InternalServerError"), stack.dynamodb, ("none",))
    body = {"email": EMAIL}
    path = "/v1/staff/people/erase"
    reply = stack.call("POST", path, body, role="admin", desk=desk_on(stack, "staff", client))
    assert (reply.status, reply.json["code"]) == (503, "unavailable")
    assert erase(stack)["complete"]
    assert traces_of(stack) == set()
    assert_recount(stack)


# ---- replays


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
@pytest.mark.parametrize("minutes", [0, 9])
def test_replay_of_an_erased_enquiry_gets_its_first_answer_and_brings_nothing_back(
    stack: Stack, key: dict[str, Any], minutes: int
) -> None:
    sent = {"name": NAME, "email": EMAIL, "message": WORDS}
    first = stack.call("POST", "/v1/enquiries", sent, **key)
    erase(stack)
    stack.later(minutes=minutes)
    again = stack.call("POST", "/v1/enquiries", sent, **key)
    assert (again.status, again.json) == (202, first.json)
    assert traces_of(stack) == set()
    stack.later(days=3)
    assert stack.call("POST", "/v1/enquiries", sent, **key).json["reference"] != first.json["reference"]


def test_what_stays_of_an_enquiry_is_its_reference_for_two_days(stack: Stack) -> None:
    reference = enquiry(stack, "1", topic="family", contact_by=["call"])
    change_enquiry(stack, reference, '"1"', note="x", assignee="y")
    erase(stack)
    [item] = stack.items("EnquiriesTable")
    assert set(item) == {"reference", "created_at", "erased_at", "expires_at"}
    assert int(item["expires_at"]["N"]) == int(stack.now.timestamp()) + 48 * 3600


def test_what_the_person_writes_afterwards_is_taken_as_from_anybody(stack: Stack) -> None:
    live(stack)
    erase(stack)
    stack.later(minutes=1)
    written, asked = comment(stack, "again", notify=True), enquiry(stack, "again")
    decide(stack, written, '"1"', status="approved")
    ses = FakeSes()
    stack.deliver(ses)
    # Neither unsubscribed nor acknowledged of late, as far as anybody knows.
    mailed = [m["EmailTags"][0] for m in ses.sent if MAILBOX in m["Destination"]["ToAddresses"]]
    assert len(mailed) == 2
    found = export(stack).json
    assert [c["id"] for c in found["comments"]] == [written]
    assert [e["reference"] for e in found["enquiries"]] == [asked]


# ---- mail that is under way


def test_order_about_what_was_erased_comes_to_nothing(stack: Stack) -> None:
    approved = comment(stack, "1", notify=True)
    decide(stack, approved, '"1"', status="approved")
    enquiry(stack, "2")
    erase(stack)
    ses = FakeSes()
    stack.deliver(ses)
    assert ses.sent == []
    assert stack.run_mail(ses) == []
    assert traces_of(stack) == set()


def test_delivery_that_waits_is_gone_when_its_turn_comes(stack: Stack) -> None:
    enquiry(stack, "1")
    stack.relay()
    # Orders become deliveries; their own ids are relayed, and wait in the queue.
    stack.run_mail(FakeSes())
    stack.relay()
    assert "enquiry_received" in {d["kind"] for d in deliveries(stack)}
    erase(stack)
    ses = FakeSes()
    assert stack.run_mail(ses) == []
    assert ses.sent == []


@pytest.mark.parametrize("outcome", [None, "MessageRejected", "TooManyRequestsException", "AccountSuspended"])
def test_mail_that_is_being_sent_while_its_person_is_erased(stack: Stack, outcome: str | None) -> None:
    """It cannot be called back; what becomes of it is nobody's business any more."""
    enquiry(stack, "1")
    stack.relay()
    stack.run_mail(FakeSes())
    stack.relay()

    class Meanwhile(FakeSes):
        def send_email(self, **request: Any) -> dict[str, str]:
            if MAILBOX in request["Destination"]["ToAddresses"]:
                erase(stack)
                if outcome:
                    raise ses_error(outcome)
            return super().send_email(**request)

    ses = Meanwhile()
    assert stack.run_mail(ses) == []
    assert traces_of(stack) == set()
    stack.undelay()
    stack.later(minutes=30)
    stack.keep_house()
    assert stack.run_mail(FakeSes()) == []
    assert traces_of(stack) == set()


def test_report_of_a_mail_that_is_gone_suppresses_nobody(stack: Stack) -> None:
    enquiry(stack, "1")
    ses = FakeSes()
    stack.deliver(ses)
    [tags] = [m["EmailTags"] for m in ses.sent if MAILBOX in m["Destination"]["ToAddresses"]]
    erase(stack)
    report(stack, "Bounce", tags[0]["Value"], **PERMANENT)
    assert traces_of(stack) == set()
    resent = stack.call("POST", f"/v1/staff/deliveries/{tags[0]['Value']}/resend", role="admin")
    assert resent.status == 404


def test_mail_to_staff_that_still_waits_is_not_lost_by_erasing_their_address(stack: Stack) -> None:
    waits = add_comment(stack, **OTHER)
    stack.relay()
    stack.run_mail(FakeSes())
    kept = erase(stack, "mod@example.org")
    assert (kept["erased"], kept["kept"], kept["complete"]) == (NONE, {"deliveries": 1}, True)
    ses = FakeSes()
    stack.deliver(ses)
    assert [m["Destination"]["ToAddresses"] for m in ses.sent] == [["mod@example.org"]]
    assert waits in repr(ses.sent)
    gone = erase(stack, "mod@example.org")
    assert (gone["erased"], gone["kept"]) == ({**NONE, "deliveries": 1}, {"deliveries": 0})


# ---- two at once


class Meanwhile:
    """Hands all to DynamoDB; before one transaction, `act` comes in between."""

    def __init__(self, stack: Stack, act: Any, before: int) -> None:
        self._client = stack.dynamodb
        self._act = act
        self._left = before

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def transact_write_items(self, TransactItems: list[Any]) -> Any:
        self._left -= 1
        if self._left == 0:
            self._act()
        return self._client.transact_write_items(TransactItems=TransactItems)


@pytest.mark.parametrize("before", [1, 2, 6, 9, 10, 11])
def test_two_admins_erase_at_once_and_nothing_is_counted_twice(stack: Stack, before: int) -> None:
    live(stack)
    rival: Counter[str] = Counter()
    client = Meanwhile(stack, lambda: rival.update(erase(stack)["erased"]), before)
    mine = erase(stack, desk=desk_on(stack, "staff", client))["erased"]
    together = rival + Counter(mine)
    assert together == {"comments": 4, "enquiries": 3, "deliveries": 4, "suppressions": 1, "guard": 1}
    assert traces_of(stack) == set()
    assert_recount(stack)


def test_what_changes_while_it_is_erased_is_erased_as_it_is_then(stack: Stack) -> None:
    written, asked = comment(stack, "1"), enquiry(stack, "2")

    def act() -> None:
        assert decide(stack, written, '"1"', status="approved").status == 200
        assert change_enquiry(stack, asked, '"1"', note=f"{NAME} called.").status == 200

    client = Meanwhile(stack, act, before=2)
    assert erase(stack, desk=desk_on(stack, "staff", client))["erased"]["comments"] == 1
    assert traces_of(stack) == set()
    assert assert_recount(stack) == []


def test_enquiry_that_is_noted_upon_between_reading_and_erasing(stack: Stack) -> None:
    reference = enquiry(stack, "1")
    client = Meanwhile(stack, lambda: change_enquiry(stack, reference, '"1"', note=WORDS), before=2)
    assert erase(stack, desk=desk_on(stack, "staff", client))["erased"]["enquiries"] == 1
    assert traces_of(stack) == set()


def test_what_arrives_while_erasing_is_erased_now_or_with_the_next_call(stack: Stack) -> None:
    comment(stack, "1")
    sent = {"name": NAME, "email": EMAIL, "message": WORDS}
    late = {"message": "Late.", "email": EMAIL}

    def act() -> None:
        assert stack.call("POST", "/v1/enquiries", sent).status == 202
        assert post_comment(stack, **late).status == 202

    erase(stack, desk=desk_on(stack, "staff", Meanwhile(stack, act, before=2)))
    erase(stack)
    assert traces_of(stack, "Late.") == set()


# ---- the audit trail


def test_erasure_is_audited_in_whole_chains_and_names_nobody(stack: Stack) -> None:
    life = live(stack)
    erasure = erase(stack)

    def acts(subject: str) -> list[tuple[str, str | None]]:
        query = {"subject": subject}
        told = stack.call("GET", "/v1/staff/audit", role="admin", query=query).json["entries"]
        return [(entry["action"], entry["to"]) for entry in told]

    for item_id in (*life["comments"], *life["enquiries"]):
        assert acts(item_id)[0] == ("erase", "erased")
    assert [action for action, _ in reversed(acts(erasure["request"]))] == [
        "erase",
        "erase_deliveries",
        "erase_suppressions",
        "erase_guard",
    ]
    nobody = erase(stack, "nobody@visitor.example")["request"]
    assert acts(nobody) == [("erase", None)]
    audit = stack.desk("staff").store.audit
    assert {subject: find_break(audit.history(subject)) for subject in audit.subjects()} == dict.fromkeys(
        audit.subjects()
    )


def test_entries_of_an_erasure_are_the_same_whoever_was_erased(stack: Stack) -> None:
    """But for ids and times: nothing in them is made of the address."""
    shapes = []
    for email in (EMAIL, "kim@visitor.example"):
        stack.later(days=2)
        enquiry(stack, "1", email=email)
        stack.deliver(FakeSes())
        subject = erase(stack, email)["request"]
        entries = list(stack.desk("staff").store.audit.history(subject))
        shapes.append([(e.act.actor, e.act.action, e.act.before, e.act.after, e.act.reason) for e in entries])
        assert [e.act.read_ids for e in entries] == [()] * len(entries)
        assert subject.startswith("people/p")
    assert shapes[0] == shapes[1]


# ---- any life


_ACTS = st.sampled_from(
    [
        "comment",
        "reply",
        "enquire",
        "approve",
        "spam",
        "note",
        "mail",
        "bounce",
        "unsubscribe",
        "list",
        "export",
    ]
)


@given(st.lists(st.tuples(_ACTS, st.integers(0, 30), st.booleans()), min_size=6, max_size=14))
@settings(max_examples=4, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_kept_after_any_life(stack: Stack, walk: list[tuple[str, int, bool]]) -> None:
    """Two people act; the one who is erased leaves nothing, the other loses nothing."""
    addresses = (EMAIL, "kim@visitor.example")
    comments: list[str] = []
    for number, (act, which, mine) in enumerate(walk):
        stack.later(minutes=11)
        who = {"email": addresses[0 if mine else 1], "name": NAME if mine else "Kim"}
        words = {"message": f"{WORDS if mine else 'Mine.'} {number}"}
        page = {"page": f"/life/{stack.now.timestamp() // 10**6}"}
        target = comments[which % len(comments)] if comments else "c0"
        if act in ("comment", "reply"):
            parent = {"parent_id": target} if act == "reply" else {}
            reply = post_comment(stack, **who, **words, **page, **parent, notify=True)
            comments += [reply.json["id"]] if reply.status == 202 else []
        elif act == "enquire":
            post_enquiry(stack, **who, **words)
        elif act in ("approve", "spam"):
            decide(stack, target, "*", status="approved" if act == "approve" else "spam")
        elif act == "note":
            listed = stack.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
            for found in listed:
                change_enquiry(stack, found["reference"], "*", note=f"About {found['name']}.")
        elif act == "mail":
            stack.deliver(FakeSes(*[ses_error("TooManyRequestsException")] * (which % 3)))
        elif act == "bounce":
            for delivery in deliveries(stack)[: which % 4]:
                report(stack, "Bounce", delivery["outbox_id"], **PERMANENT)
        elif act == "unsubscribe":
            desk = stack.desk("public")
            desk.store.unsubscribe(desk.hasher.address(who["email"]), stack.now)
        elif act == "list":
            stack.call("GET", "/v1/staff/comments", role="moderator")
        else:
            export(stack, who["email"])
    other = {name: export(stack, addresses[1]).json[name] for name in LISTS[:-1]}
    held = export(stack).json
    erased = erase(stack)["erased"]
    # Records that keep floods out may have expired: they are not handed over, and erased all the same.
    assert erased["guard"] >= len(held["guard"])
    assert {**erased, "guard": 0} == {**{name: len(held[name]) for name in NONE}, "guard": 0}
    stack.deliver(FakeSes())
    assert traces_of(stack) == set()
    kept = export(stack, addresses[1]).json
    assert {c["id"] for c in kept["comments"]} == {c["id"] for c in other["comments"]}
    assert {e["reference"] for e in kept["enquiries"]} == {e["reference"] for e in other["enquiries"]}
    erase(stack, addresses[1])


def test_domain_tells_each_step(stack: Stack) -> None:
    """As a command does it, with progress and without a limit of time."""
    live(stack)
    desk = stack.desk("staff")
    hashes = [hasher.address(EMAIL) for hasher in desk.hasher.every()]
    subject = people.new_request(stack.now)
    steps = list(people.erase(hashes, subject, "command", desk.now, desk.store))
    assert [step.kind for step in steps] == (
        ["comments"] * 4 + ["enquiries"] * 3 + ["deliveries", "suppressions", "guard"]
    )
    assert list(people.export(hashes, people.Place("end"), stack.now, desk.store)) == []
    assert list(kept_of(stack))
