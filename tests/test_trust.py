"""Trusted authors: nobody, unless it is set; then published at once, as a moderator's approval does it."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.audit import find_break
from chalicelib.comments import TRUST_RULE
from tests.acts import (
    COMMENT,
    add_comment,
    assert_recount,
    decide,
    erase,
    everything_stored,
    publish,
    read_thread,
)
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import FakeSes, Reply, Stack
from tests.storage.test_round_trips import watched, written_in

PUBLIC_KEYS = {"id", "parent_id", "name", "text", "html", "created_at", "staff"}


@pytest.fixture
def trusting(stack: Stack) -> Stack:
    """Two comments approved are enough."""
    stack.settings |= {"TRUST_AFTER": "2", "RATE_LIMIT": "1000", "ADDRESS_RATE_LIMIT": "1000"}
    return stack


@pytest.fixture
def trusted(trusting: Stack) -> Stack:
    """And Robin has them."""
    for n in range(2):
        publish(trusting, message=f"Before {n}.")
    return trusting


def send(stack: Stack, message: str = "Ninety days.", **more: Any) -> Reply:
    """As by the site's form, opened a little earlier."""
    how = {name: more.pop(name) for name in ("desk", "idempotency_key") if name in more}
    token = stack.call("GET", "/v1/form", query={"kind": "comment"}).json["form_token"]
    stack.later(seconds=5)
    body = COMMENT | {"message": message, "form_token": token} | more
    return stack.call("POST", "/v1/comments", body, **how)


def assert_approvals(stack: Stack) -> int:
    """Each author's count is that of their approved comments, and who has none has no row that is read.

    Returns how many comments count for anybody.
    """
    items = stack.items("CommentsTable")
    rows = [item for item in items if "approvals" in item]
    counted = {row["comment_id"]["S"]: int(row["approvals"]["N"]) for row in rows if "expires_at" not in row}
    approved = [i for i in items if i.get("status", {}).get("S") == "approved" and "trust_key" in i]
    assert counted == dict(Counter(f"author!{item['trust_key']['S']}" for item in approved))
    ended = [row for row in rows if "expires_at" in row]
    assert all(row["approvals"]["N"] == "0" for row in ended)
    assert all(int(row["expires_at"]["N"]) <= stack.now.timestamp() for row in ended)
    return len(approved)


def test_nobody_is_trusted_unless_it_is_set(stack: Stack) -> None:
    stack.settings["RATE_LIMIT"] = "100"
    for n in range(3):
        publish(stack, message=f"{n}")
    assert send(stack).status == 202
    assert not any("trust_key" in i or "approvals" in i for i in stack.items("CommentsTable"))


def test_author_of_enough_approved_comments_is_published_at_once(trusting: Stack) -> None:
    publish(trusting, message="One.")
    assert send(trusting, "Two.").status == 202
    publish(trusting, message="Three.")
    reply = send(trusting, "Four. <3")
    assert reply.status == 201
    assert set(reply.json) == {"id", "status", "comment", "message", "help"}
    assert reply.json["status"] == "approved"
    shown = reply.json["comment"]
    assert set(shown) == PUBLIC_KEYS
    assert (shown["id"], shown["text"], shown["html"]) == (reply.json["id"], "Four. <3", "<p>Four. &lt;3</p>")
    thread = read_thread(trusting, order="newest")
    assert thread["comments"][0] == shown
    assert reply.headers["location"] == "/v1/comments?page=example.org%2Fa&order=newest"
    path, _, query = reply.headers["location"].partition("?")
    found = trusting.call("GET", path, query={"page": "example.org/a", "order": "newest"})
    assert query
    assert found.json["comments"][0] == shown
    assert_recount(trusting)
    assert assert_approvals(trusting) == 3


def test_staff_see_who_published_it_and_can_withdraw_it(trusted: Stack) -> None:
    comment_id = send(trusted).json["id"]
    path = f"/v1/staff/comments/{comment_id}"
    shown = trusted.call("GET", path, role="moderator").json
    assert (shown["status"], shown["decided_by"], shown["revision"]) == ("approved", TRUST_RULE, 1)
    [first, *_] = shown["history"]
    assert (first["actor"], first["action"], first["from"], first["to"]) == (
        TRUST_RULE,
        "decide",
        "pending",
        "approved",
    )
    assert decide(trusted, comment_id, '"1"', status="rejected").status == 200
    assert find_break(trusted.desk("staff").store.audit.history(comment_id)) is None
    assert comment_id not in assert_recount(trusted)
    assert assert_approvals(trusted) == 2


def test_moderators_and_who_is_answered_are_mailed_as_of_any_other(trusting: Stack) -> None:
    parent = publish(
        trusting, name="Kim", email="kim@visitor.example", message="Is anybody there?", notify=True
    )
    for n in range(2):
        publish(trusting, message=f"{n}")
    trusting.deliver(FakeSes())
    ses = FakeSes()
    assert send(trusting, "I am.", parent_id=parent).status == 201
    trusting.deliver(ses)
    to = sorted(address for mail in ses.sent for address in mail["Destination"]["ToAddresses"])
    assert to == ["kim@visitor.example", "mod@example.org"]
    assert_recount(trusting)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Robin Hood"},
        {"email": "robin@visitor.example"},
        {"website": "http://x"},
        {"form_token": ""},
        {"form_token": "forged"},
    ],
    ids=str,
)
def test_whoever_is_not_quite_that_author_or_odd_is_held(trusted: Stack, other: dict[str, str]) -> None:
    reply = send(trusted, **other)
    assert (reply.status, reply.json["status"]) == (202, "pending")
    assert assert_approvals(trusted) == 2
    assert len(assert_recount(trusted)) == 2


@pytest.mark.parametrize("name", ["robin wren", "ROBIN  WREN"])
def test_name_may_be_typed_otherwise_and_is_the_same_author(trusted: Stack, name: str) -> None:
    assert send(trusted, name=name, email=COMMENT["email"].upper()).status == 201


def test_one_form_publishes_once_though_the_mail_function_does_not_run(trusted: Stack) -> None:
    token = trusted.call("GET", "/v1/form", query={"kind": "comment"}).json["form_token"]
    trusted.later(seconds=5)
    sent = []
    for message in "abc":
        with watched(trusted.desk("public")) as calls:
            sent.append(send(trusted, message, form_token=token))
        # Held or published, and whatever for: a question and a transaction.
        assert [name for name, _ in calls] == ["TransactWriteItems"] * 2
    assert [reply.status for reply in sent] == [201, 202, 202]
    trusted.deliver(FakeSes())
    assert [_replays(trusted, reply.json["id"]) for reply in sent] == [0, 1, 1]
    assert_recount(trusted)
    assert_approvals(trusted)


def test_of_two_comments_of_one_form_at_once_one_is_published(trusted: Stack) -> None:
    token = trusted.call("GET", "/v1/form", query={"kind": "comment"}).json["form_token"]
    trusted.later(seconds=5)
    desk, statuses = trusted.desk("public"), []
    ask = desk.store.is_trusted

    def ask_and_meet_another(*asked: Any) -> bool:
        answer = ask(*asked)
        statuses.append(send(trusted, "b", form_token=token).status)
        return answer

    store = replace(desk.store)
    object.__setattr__(store, "is_trusted", ask_and_meet_another)
    statuses.append(send(trusted, "a", form_token=token, desk=replace(desk, store=store)).status)
    assert statuses == [201, 202]
    assert_recount(trusted)
    assert_approvals(trusted)


def _replays(stack: Stack, comment_id: str) -> int:
    shown = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
    return [reason["code"] for reason in shown["reasons"]].count("form_token_replayed")


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
def test_replay_gets_the_first_answer_until_a_moderator_decides(
    trusted: Stack, headers: dict[str, Any]
) -> None:
    first = send(trusted, **headers)
    before = everything_stored(trusted)
    again = send(trusted, **headers)
    assert (again.status, again.json) == (first.status, first.json) == (201, first.json)
    assert everything_stored(trusted) == before
    assert decide(trusted, first.json["id"], "*", status="spam").status == 200
    # What is no longer shown is shown to nobody.
    withdrawn = send(trusted, **headers)
    assert (withdrawn.status, withdrawn.json["id"]) == (202, first.json["id"])


def test_replay_of_what_was_held_stays_held_though_it_was_approved_since(trusting: Stack) -> None:
    publish(trusting, message="One.")
    first = send(trusting, "Two.", idempotency_key="k")
    assert decide(trusting, first.json["id"], "*", status="approved").status == 200
    again = send(trusting, "Two.", idempotency_key="k")
    assert (again.status, again.json) == (first.status, first.json)


def test_closed_page_unknown_parent_and_rate_refuse_a_trusted_author_too(trusted: Stack) -> None:
    before = everything_stored(trusted)
    assert send(trusted, parent_id="c0").status == 422
    trusted.settings["RATE_LIMIT"] = "1"
    desk = trusted.fresh_desk("public")
    assert everything_stored(trusted) == before
    trusted.later(hours=1)
    first = send(trusted, "One.", desk=desk)
    assert [first.status, send(trusted, "Two.", desk=desk).status] == [201, 429]
    assert send(trusted, "One.", desk=desk).json == first.json
    closing = trusted.call(
        "PATCH", "/v1/staff/pages", {"closed": True}, role="moderator", query={"page": "/a"}
    )
    assert closing.status == 200
    assert send(trusted, "Three.").status == 409
    assert_recount(trusted)
    assert assert_approvals(trusted) == 3


def test_trust_goes_with_what_earned_it(trusted: Stack) -> None:
    [one, _] = [c["id"] for c in read_thread(trusted)["comments"]]
    assert decide(trusted, one, "*", status="rejected").status == 200
    assert send(trusted, "Held.").status == 202
    assert decide(trusted, one, "*", status="approved").status == 200
    published = send(trusted, "Shown.")
    assert published.status == 201
    for comment_id in assert_recount(trusted):
        assert erase(trusted, comment_id).status == 204
    assert assert_approvals(trusted) == 0
    assert send(trusted, "Held again.").status == 202


def test_trust_lost_between_question_and_transaction_holds_the_comment(
    trusted: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(trusted.desk("public").store), "is_trusted", lambda *_: True)
    [one, _] = [c["id"] for c in read_thread(trusted)["comments"]]
    assert decide(trusted, one, "*", status="spam").status == 200
    assert send(trusted).status == 202
    assert_recount(trusted)
    assert_approvals(trusted)


def test_who_is_not_trusted_sees_no_difference(stack: Stack) -> None:
    replies = []
    for trust in ("", "1"):
        stack.settings["TRUST_AFTER"] = trust
        reply = send(stack, f"Trust {trust}", desk=stack.fresh_desk("public"))
        replies.append((reply.status, reply.headers, {**reply.json, "id": ""}))
    assert replies[0] == replies[1]


@pytest.mark.parametrize("outage", OUTAGES)
def test_outage_leaves_nothing_half_published(trusted: Stack, outage: str) -> None:
    before = everything_stored(trusted)
    client = FailingClient(OUTAGES[outage], trusted.dynamodb, ("transact_write_items",))
    assert send(trusted, desk=desk_on(trusted, "public", client)).status == 503
    assert everything_stored(trusted) == before


def test_publishing_at_once_is_a_question_and_one_transaction(trusted: Stack) -> None:
    parent = read_thread(trusted)["comments"][0]["id"]
    with watched(trusted.desk("public")) as calls:
        assert send(trusted, parent_id=parent).status == 201
    assert [name for name, _ in calls] == ["TransactWriteItems"] * 2
    assert written_in(calls[0][1], trusted) == []
    # The comment, the one above, both edges and the author's count; the network's rate, the form's row; the
    # order to tell moderators, and the one to tell who waits for it.
    written = ["audit", *["comments"] * 5, "guard", "guard", "outbox", "outbox", "pages"]
    assert written_in(calls[1][1], trusted) == written


@pytest.mark.parametrize("odd", [{}, {"website": "http://x"}, {"form_token": ""}], ids=str)
def test_what_is_found_about_a_comment_does_not_change_what_is_asked(
    trusting: Stack, odd: dict[str, str]
) -> None:
    """Else the time of the answer would tell what is taken for spam."""
    send(trusting, "Before.")
    with watched(trusting.desk("public")) as calls:
        assert send(trusting, **odd).status == 202
    assert [written_in(call, trusting) for _, call in calls] == [[], ["comments", "guard", "outbox"]]


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_a_recount_whatever_is_decided(trusting: Stack, seed: int) -> None:
    dice = random.Random(seed)
    ids: list[str] = []
    for n in range(25):
        target = dice.choice(ids) if ids else None
        match dice.choice(["send", "send", "decide", "decide", "erase"]):
            case "decide" if target:
                decide(trusting, target, "*", status=dice.choice(["approved", "approved", "spam", "pending"]))
            case "erase" if target:
                erase(trusting, target)
            case _:
                shown = [c["id"] for c in read_thread(trusting)["comments"] if c["name"]]
                parent = dice.choice([None, *shown])
                reply = send(trusting, f"{n}", name=dice.choice(["Jo", "Al"]), parent_id=parent)
                ids.append(reply.json["id"])
        assert_recount(trusting)
        assert_approvals(trusting)


def test_first_time_author_is_told_to_who_looks(stack: Stack) -> None:
    first = add_comment(stack, message="One.")
    stack.later(seconds=1)
    second = add_comment(stack, message="Two.")
    codes = []
    for comment_id in (first, second):
        shown = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
        codes.append([reason["code"] for reason in shown["reasons"]])
    assert [("first_time_author" in each) for each in codes] == [True, False]
    # It is not stored: lists do not have it.
    listed = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert [[reason["code"] for reason in comment["reasons"]] for comment in listed] == [
        ["form_token_missing"]
    ] * 2
