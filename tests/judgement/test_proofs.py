"""The proof of work: off unless it is set; good for its form, once; nobody is refused without."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from chalicelib.api.requests import FORM as URLENCODED
from chalicelib.judgement.proofs import judge_proof, make_challenge
from chalicelib.privacy.hashing import Hasher
from tests.acts import COMMENT, ENQUIRY
from tests.stack import FakeSes, Reply, Stack

HASHER = Hasher({"h1": b"k" * 32})
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MOST = 1_000
FORM = "of-some-form"


def solve(challenge: dict[str, Any]) -> dict[str, Any]:
    """As the widget does it."""
    number = next(
        n
        for n in range(challenge["maxnumber"] + 1)
        if sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    kept = ("algorithm", "challenge", "salt", "signature")
    return {**{name: challenge[name] for name in kept}, "number": number}


def packed(proof: Any) -> str:
    return b64encode(json.dumps(proof).encode()).decode()


def codes(payload: str, token: str = FORM, after: timedelta = timedelta()) -> list[str]:
    return [reason.code for reason in judge_proof(payload, token, AT + after, HASHER)]


@pytest.fixture(scope="module")
def proof() -> dict[str, Any]:
    return solve(make_challenge(FORM, AT, MOST, HASHER))


def test_proof_is_good_for_its_form_for_a_day(proof: dict[str, Any]) -> None:
    assert codes(packed(proof)) == []
    assert codes(packed(proof), after=timedelta(days=1)) == []
    assert codes(packed(proof), after=timedelta(days=1, seconds=1)) == ["proof_missing"]
    assert codes(packed(proof), token="another") == ["proof_missing"]


@pytest.mark.parametrize("payload", ["", "x", "e30=", packed([]), packed(7), packed("x"), "[" * 2000])
def test_what_is_no_proof_is_none(payload: str) -> None:
    assert codes(payload) == ["proof_missing"]


@pytest.mark.parametrize(
    "change",
    [
        {"number": 10**6},
        {"number": "1"},
        {"number": True},
        {"number": None},
        {"challenge": "0" * 64},
        {"challenge": 5},
        {"signature": "0" * 64},
        {"signature": None},
        {"signature": "é"},
        {"salt": "x"},
        {"salt": 5},
    ],
    ids=str,
)
def test_proof_that_was_altered_is_none(proof: dict[str, Any], change: dict[str, Any]) -> None:
    assert codes(packed(proof | change)) == ["proof_missing"]


def test_digits_cannot_move_from_the_number_into_the_time(proof: dict[str, Any]) -> None:
    """CVE-2025-68113: the hash is of both in a row, and a later time would make a proof last."""
    number = str(proof["number"])
    moved = proof | {"salt": proof["salt"] + number[:1], "number": int(number[1:] or 0)}
    assert codes(packed(moved)) == ["proof_missing"]
    spliced = proof | {"salt": proof["salt"].replace("&", "") + number, "number": 0}
    assert codes(packed(spliced), after=timedelta(days=2)) == ["proof_missing"]


@pytest.fixture
def asking(stack: Stack) -> Stack:
    stack.settings |= {"ALTCHA": "true", "ALTCHA_MAX_NUMBER": f"{MOST}"}
    return stack


def open_form(stack: Stack, kind: str = "comment") -> dict[str, Any]:
    opened: dict[str, Any] = stack.call("GET", "/v1/form", query={"kind": kind}).json
    stack.later(seconds=10)
    return opened


def send(stack: Stack, **fields: Any) -> Reply:
    reply = stack.call("POST", "/v1/comments", COMMENT | fields)
    assert reply.status == 202, reply.text
    stack.deliver(FakeSes())
    return reply


def reasons_of(stack: Stack, reply: Reply) -> list[str]:
    listed = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    [shown] = [comment for comment in listed if comment["id"] == reply.json["id"]]
    return [reason["code"] for reason in shown["reasons"]]


def test_no_proof_is_asked_for_unless_it_is_set(stack: Stack) -> None:
    opened = open_form(stack)
    assert set(opened) == {"form_token", "expires_at", "help"}
    assert reasons_of(stack, send(stack, form_token=opened["form_token"], altcha="x")) == []


def test_solution_works_once_and_for_its_own_form(asking: Stack) -> None:
    opened, other = open_form(asking), open_form(asking)
    assert opened["altcha"]["maxnumber"] == MOST
    altcha = packed(solve(opened["altcha"]))
    found = [
        reasons_of(asking, send(asking, message=message, form_token=form["form_token"], altcha=altcha))
        for message, form in (("One.", opened), ("Two.", opened), ("Three.", other))
    ]
    assert found == [[], ["form_token_replayed"], ["proof_missing"]]


def test_without_script_a_form_is_taken_and_looked_at_twice(asking: Stack) -> None:
    token = open_form(asking)["form_token"]
    form = f"page=/a&name=Jo&email=jo@visitor.example&message=Hello&form_token={token}"
    reply = asking.call("POST", "/v1/comments", form, content_type=URLENCODED)
    assert reply.status == 200
    [held] = asking.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert [reason["code"] for reason in held["reasons"]] == ["proof_missing"]


def test_enquiry_may_come_with_a_proof(asking: Stack) -> None:
    opened = open_form(asking, "enquiry")
    proven = {"form_token": opened["form_token"], "altcha": packed(solve(opened["altcha"]))}
    reply = asking.call("POST", "/v1/enquiries", ENQUIRY | proven)
    shown = asking.call("GET", f"/v1/staff/enquiries/{reply.json['reference']}", role="admissions").json
    assert shown["reasons"] == []
