"""Erasing: no word stays, a stub stays exactly while it has answers, and every count agrees."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import comments
from chalicelib.errors import StaleRevision, Unavailable
from tests import acts
from tests.acts import (
    COMMENT,
    answer,
    assert_recount,
    decide,
    erase,
    everything_stored,
    post_comment,
    read_thread,
)
from tests.faults import desk_on
from tests.stack import FakeSes, Stack

STUB_KEYS = {"comment_id", "page_id", "parent_id", "created_at", "position", "erased_at", "answers"}
IN_THREAD = {"approved_page", "public_json"}


def add_comment(stack: Stack, **fields: Any) -> str:
    """A second after the last one: a thread is in the order of writing."""
    stack.later(seconds=1)
    return acts.add_comment(stack, **fields)


def publish(stack: Stack, **fields: Any) -> str:
    stack.later(seconds=1)
    return acts.publish(stack, **fields)


def stored(stack: Stack, comment_id: str) -> dict[str, Any]:
    [item] = [i for i in stack.items("CommentsTable") if i["comment_id"]["S"] == comment_id]
    return item


@pytest.mark.parametrize("status", ["pending", "approved", "rejected", "spam"])
def test_nothing_stays_of_what_was_written(stack: Stack, status: str) -> None:
    comment_id = add_comment(stack)
    if status != "pending":
        decide(stack, comment_id, '"1"', status=status)
    reply = erase(stack, comment_id)
    assert (reply.status, reply.text) == (204, "")
    words = [COMMENT["name"], COMMENT["email"], COMMENT["message"], "robin", "letter", "hmac", "request_hash"]
    left = repr(stack.items("CommentsTable")).casefold()
    assert [word for word in words if word.casefold() in left] == []
    assert set(stored(stack, comment_id)) <= STUB_KEYS | {"expires_at"}
    assert assert_recount(stack) == []


@pytest.mark.parametrize("status", ["approved", "pending"])
def test_erased_comment_is_gone_for_staff(stack: Stack, status: str) -> None:
    comment_id = publish(stack) if status == "approved" else add_comment(stack)
    assert erase(stack, comment_id).status == 204
    before = everything_stored(stack)
    path = f"/v1/staff/comments/{comment_id}"
    replies = [
        stack.call("GET", path, role="moderator"),
        decide(stack, comment_id, "*", status="approved"),
        decide(stack, comment_id, '"1"', text="x"),
        erase(stack, comment_id),
        answer(stack, comment_id),
    ]
    assert [(reply.status, reply.json["code"]) for reply in replies] == [(404, "not_found")] * 5
    assert everything_stored(stack) == before
    for listed in ("pending", "approved", "rejected", "spam"):
        shown = stack.call("GET", "/v1/staff/comments", role="admin", query={"status": listed})
        assert shown.json["comments"] == []


def test_audit_keeps_who_erased_what(stack: Stack) -> None:
    comment_id = publish(stack)
    erase(stack, comment_id)
    [entry, *_] = stack.call("GET", "/v1/staff/audit", role="admin", query={"subject": comment_id}).json[
        "entries"
    ]
    told = [entry[name] for name in ("actor", "action", "from", "to")]
    assert told == ["token:moderator", "erase", "approved", "erased"]


# ---- If-Match


@pytest.mark.parametrize(("if_match", "status"), [('"2"', 204), ("*", 204), ('"1"', 412), ("x", 412)])
def test_if_match_is_honoured_where_it_is_sent(stack: Stack, if_match: str, status: int) -> None:
    comment_id = publish(stack)
    before = everything_stored(stack)
    assert erase(stack, comment_id, if_match=if_match).status == status
    assert (everything_stored(stack) == before) is (status == 412)


@pytest.mark.parametrize("seen", [None, {1}])
def test_comment_that_is_decided_on_meanwhile(stack: Stack, seen: set[int] | None) -> None:
    """Without a revision it is erased as it is now; with one, whoever asked is told."""
    comment_id = add_comment(stack)
    store = Rival(stack, lambda: decide(stack, comment_id, '"1"', status="approved"))
    if seen is None:
        comments.erase(comment_id, seen, "token:x", stack.now, store)
        assert assert_recount(stack) == []
    else:
        with pytest.raises(StaleRevision):
            comments.erase(comment_id, seen, "token:x", stack.now, store)
        assert assert_recount(stack) == [comment_id]


class Rival:
    """The store, in which somebody else acts once between the reading and the writing."""

    def __init__(self, stack: Stack, act: Any) -> None:
        self._store = stack.desk("staff").store
        self._act = act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get_comment(self, comment_id: str, **how: bool) -> Any:
        comment = self._store.get_comment(comment_id, **how)
        act, self._act = self._act, lambda: None
        act()
        return comment


# ---- stubs


def test_stub_shows_the_public_keys_and_no_word(stack: Stack) -> None:
    parent = publish(stack)
    child = publish(stack, parent_id=parent, message="Well done.")
    written = read_thread(stack)["comments"][0]
    assert erase(stack, parent).status == 204
    stub, shown = read_thread(stack)["comments"]
    assert stub == {**written, "name": "", "text": "", "html": ""}
    assert set(stub) == {"id", "parent_id", "name", "text", "html", "created_at", "staff"}
    assert (shown["id"], shown["parent_id"]) == (child, parent)
    assert assert_recount(stack) == [parent, child]
    assert set(stored(stack, parent)) <= STUB_KEYS | IN_THREAD
    index = stack.dynamodb.scan(TableName=stack.table("CommentsTable"), IndexName="approved-by-page")
    assert COMMENT["message"] not in repr(index)


def test_stub_of_staff_does_not_say_so(stack: Stack) -> None:
    own = answer(stack, publish(stack)).json["id"]
    publish(stack, parent_id=own, message="Thank you.")
    erase(stack, own)
    [stub] = [c for c in read_thread(stack)["comments"] if c["id"] == own]
    assert stub["staff"] is False


@pytest.mark.parametrize("leaving", ["reject", "erase", "both"])
def test_stub_goes_with_its_last_answer(stack: Stack, leaving: str) -> None:
    parent = publish(stack)
    children = [publish(stack, parent_id=parent, message=f"{n}") for n in range(2)]
    erase(stack, parent)
    for number, child in enumerate(children):
        assert assert_recount(stack) == [parent, *children[number:]]
        if leaving == "erase" or (leaving == "both" and number):
            assert erase(stack, child).status == 204
        else:
            assert decide(stack, child, '"2"', status="rejected").status == 200
    assert assert_recount(stack) == []


def test_stubs_go_upwards_with_the_last_answer_below(stack: Stack) -> None:
    chain = [publish(stack)]
    for n in range(4):
        chain.append(publish(stack, parent_id=chain[-1], message=f"{n}"))
    for comment_id in chain[1:-1]:
        erase(stack, comment_id)
    assert assert_recount(stack) == chain
    assert decide(stack, chain[-1], '"2"', status="spam").status == 200
    assert assert_recount(stack) == chain[:1]
    assert decide(stack, chain[-1], '"3"', status="approved").status == 200
    assert assert_recount(stack) == chain
    assert erase(stack, chain[-1]).status == 204
    assert assert_recount(stack) == chain[:1]


def test_stub_comes_back_with_an_answer_that_still_waited(stack: Stack) -> None:
    parent = publish(stack)
    waits = add_comment(stack, parent_id=parent, message="Me too.")
    erase(stack, parent)
    assert assert_recount(stack) == []
    assert decide(stack, waits, '"1"', status="approved").status == 200
    assert assert_recount(stack) == [parent, waits]


def test_what_was_erased_outside_the_thread_does_not_come_back(stack: Stack) -> None:
    parent = publish(stack)
    waits = add_comment(stack, parent_id=parent, message="Me too.")
    shown = publish(stack, parent_id=parent, message="And me.")
    decide(stack, parent, '"2"', status="rejected")
    erase(stack, parent)
    assert assert_recount(stack) == [shown]
    assert decide(stack, waits, '"1"', status="approved").status == 200
    assert sorted(assert_recount(stack)) == sorted([shown, waits])
    assert decide(stack, shown, '"2"', status="pending").status == 200
    assert assert_recount(stack) == [waits]


def test_nobody_can_answer_a_stub(stack: Stack) -> None:
    parent = publish(stack)
    publish(stack, parent_id=parent, message="Me too.")
    erase(stack, parent)
    reply = post_comment(stack, parent_id=parent, message="Where did it go?")
    assert reply.status == 422
    assert reply.json["errors"][0]["code"] == "not_published"


def test_feed_leaves_stubs_out(stack: Stack) -> None:
    parent = publish(stack)
    child = publish(stack, parent_id=parent, message="Me too.")
    erase(stack, parent)
    feed = stack.call("GET", "/v1/comments.atom", query={"page": "/a"}).text
    assert f"#comment-{child}" in feed
    assert parent not in feed


def test_chain_of_stubs_that_no_transaction_holds_ends_somewhere(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.storage.stubs._MOST_STUBS_MOVED", 2)
    chain = [publish(stack)]
    for n in range(4):
        chain.append(publish(stack, parent_id=chain[-1], message=f"{n}"))
    for comment_id in chain[:-1]:
        erase(stack, comment_id)
    assert erase(stack, chain[-1]).status == 204
    thread = read_thread(stack)
    assert thread["count"] == len(thread["comments"]) == 2


# ---- two at once


def test_answer_that_is_approved_while_its_parent_is_erased(stack: Stack) -> None:
    """Whichever comes first, the stub is there with its answer."""
    parent = publish(stack)
    waits = add_comment(stack, parent_id=parent, message="Me too.")
    store = Rival(stack, lambda: decide(stack, waits, '"1"', status="approved"))
    comments.erase(parent, None, "token:x", stack.now, store)
    assert assert_recount(stack) == [parent, waits]


@pytest.mark.parametrize("leaves", [False, True])
def test_parent_that_is_erased_while_its_answer_is_decided_on(stack: Stack, leaves: bool) -> None:
    parent = publish(stack)
    child = add_comment(stack, parent_id=parent, message="Me too.")
    if leaves:
        decide(stack, child, '"1"', status="approved")
    client = MeanwhileClient(stack, lambda: erase(stack, parent))
    desk = desk_on(stack, "staff", client)
    status = "rejected" if leaves else "approved"
    path = f"/v1/staff/comments/{child}"
    reply = stack.call("PATCH", path, {"status": status}, role="moderator", desk=desk, if_match="*")
    assert reply.status == 200
    # The first attempt met the erasure, the second knew of it.
    assert client.attempts == 2
    assert assert_recount(stack) == ([] if leaves else [parent, child])


def test_two_last_answers_leave_a_stub_at_once(stack: Stack) -> None:
    parent = publish(stack)
    children = [publish(stack, parent_id=parent, message=f"{n}") for n in range(2)]
    erase(stack, parent)
    client = MeanwhileClient(stack, lambda: erase(stack, children[1]))
    path = f"/v1/staff/comments/{children[0]}"
    assert stack.call("DELETE", path, role="moderator", desk=desk_on(stack, "staff", client)).status == 204
    assert client.attempts == 2
    assert assert_recount(stack) == []


class MeanwhileClient:
    """Hands all to DynamoDB; before the first transaction that changes a comment, `act` comes in between."""

    def __init__(self, stack: Stack, act: Any) -> None:
        self.attempts = 0
        self._client = stack.dynamodb
        self._act = act

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def transact_write_items(self, TransactItems: list[Any]) -> Any:
        self.attempts += 1
        if self.attempts == 1:
            assert self._act().status in (200, 204)
        return self._client.transact_write_items(TransactItems=TransactItems)


def test_erasing_gives_up_where_everybody_else_is_quicker(stack: Stack) -> None:
    comment_id = publish(stack)

    class Hectic(Rival):
        def get_comment(self, comment_id: str, **how: bool) -> Any:
            comment = self._store.get_comment(comment_id, **how)
            decide(stack, comment_id, "*", text=f"{comment.revision}")
            return comment

    with pytest.raises(Unavailable):
        comments.erase(comment_id, None, "token:x", stack.now, Hectic(stack, None))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_of_erasing_a_family_leaves_nothing(stack: Stack, order: tuple[int, ...]) -> None:
    first = publish(stack)
    second = publish(stack, parent_id=first, message="2")
    family = [first, second, publish(stack, parent_id=second, message="3")]
    for which in order:
        assert erase(stack, family[which]).status == 204
        assert_recount(stack)
    assert assert_recount(stack) == []


_ACTS = ["approved", "approved", "rejected", "spam", "pending", "erase", "reply", "post"]


@given(st.lists(st.tuples(st.sampled_from(_ACTS), st.integers(0, 30)), min_size=8, max_size=16))
@settings(max_examples=6, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everything_agrees_after_each_step_of_any_walk(stack: Stack, walk: list[tuple[str, int]]) -> None:
    page = f"/walk/{stack.now.timestamp()}"
    ids = [publish(stack, page=page)]
    for number, (act, which) in enumerate(walk):
        target = ids[which % len(ids)]
        stack.later(seconds=61)
        if act == "erase":
            erase(stack, target)
        elif act == "reply":
            reply = answer(stack, target, f"{number}")
        elif act == "post":
            reply = post_comment(stack, page=page, parent_id=target, message=f"{number}")
        else:
            decide(stack, target, "*", status=act)
        if act in ("reply", "post") and reply.status in (201, 202):
            ids.append(reply.json["id"])
        assert_recount(stack, page)
    for comment_id in ids:
        erase(stack, comment_id)
    assert assert_recount(stack, page) == []


# ---- replays


@pytest.mark.parametrize("status", ["pending", "approved"])
@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
@pytest.mark.parametrize("minutes", [0, 9])
def test_replay_does_not_bring_back_what_was_erased(
    stack: Stack, status: str, key: dict[str, Any], minutes: int
) -> None:
    first = stack.call("POST", "/v1/comments", COMMENT, **key)
    if status == "approved":
        decide(stack, first.json["id"], '"1"', status="approved")
    erase(stack, first.json["id"])
    stack.later(minutes=minutes)
    again = stack.call("POST", "/v1/comments", COMMENT, **key)
    assert (again.status, again.json) == (202, first.json)
    assert not [item for item in stack.items("CommentsTable") if "letter_sealed" in item]


def test_what_was_erased_outside_the_thread_expires_when_no_replay_can_come(stack: Stack) -> None:
    waits, public = add_comment(stack), publish(stack, message="Shown.")
    for comment_id in (waits, public):
        erase(stack, comment_id)
    assert int(stored(stack, waits)["expires_at"]["N"]) == int(stack.now.timestamp()) + 48 * 3600
    assert "expires_at" not in stored(stack, public)


# ---- what else knows of a comment


def test_erased_comment_is_mailed_about_no_more(stack: Stack) -> None:
    comment_id = add_comment(stack)
    erase(stack, comment_id)
    ses = FakeSes()
    stack.deliver(ses)
    assert ses.sent == []


def test_comment_that_cannot_be_opened_can_be_erased(stack: Stack) -> None:
    comment_id = publish(stack)
    stack.dynamodb.update_item(
        TableName=stack.table("CommentsTable"),
        Key={"comment_id": {"S": comment_id}},
        UpdateExpression="SET letter_sealed = :sealed",
        ExpressionAttributeValues={":sealed": {"B": b"s1:garbage"}},
    )
    assert erase(stack, comment_id).status == 204
    assert assert_recount(stack) == []


def test_attribute_that_a_later_version_adds_is_erased_too(stack: Stack) -> None:
    comment_id = publish(stack)
    publish(stack, parent_id=comment_id, message="Me too.")
    stack.dynamodb.update_item(
        TableName=stack.table("CommentsTable"),
        Key={"comment_id": {"S": comment_id}},
        UpdateExpression="SET german = :words",
        ExpressionAttributeValues={":words": {"S": "Neunzig Tage"}},
    )
    erase(stack, comment_id)
    assert "Neunzig" not in json.dumps(stack.items("CommentsTable"), default=str)
