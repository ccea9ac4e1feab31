"""A form is good for one submission; without one, so is a text. What comes again is looked at twice."""

from typing import Any

import pytest

from chalicelib.judgement.form_tokens import FORM_TOKEN_LIFE
from tests.acts import COMMENT, ENQUIRY, add_comment
from tests.stack import FakeSes, Reply, Stack

REPLAYED = "form_token_replayed"


def open_form(stack: Stack, kind: str = "comment") -> str:
    token = stack.call("GET", "/v1/form", query={"kind": kind}).json["form_token"]
    stack.later(seconds=10)
    return str(token)


def send(stack: Stack, token: str, message: str, **how: Any) -> Reply:
    """Send it, and let the mail function come to it: there it is found."""
    body = COMMENT | {"message": message, "form_token": token}
    reply = stack.call("POST", "/v1/comments", body, **how)
    stack.deliver(FakeSes())
    return reply


def reasons_of(stack: Stack, reply: Reply) -> list[str]:
    assert reply.status == 202
    listed = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    [shown] = [comment for comment in listed if comment["id"] == reply.json["id"]]
    return [reason["code"] for reason in shown["reasons"]]


def test_second_submission_of_one_form_is_suspect_from_whatever_network(stack: Stack) -> None:
    token = open_form(stack)
    first = send(stack, token, "One.")
    others = [send(stack, token, f"{n}.", ip=f"198.51.100.{n}") for n in range(2)]
    assert reasons_of(stack, first) == []
    assert [reasons_of(stack, other) for other in others] == [[REPLAYED]] * 2
    # The visitor is not told.
    assert [{**other.json, "id": ""} for other in others] == [{**first.json, "id": ""}] * 2


def test_each_opening_of_a_form_is_another(stack: Stack) -> None:
    tokens = [open_form(stack) for _ in range(2)]
    stack.later(seconds=-10)
    tokens.append(open_form(stack))
    assert [reasons_of(stack, send(stack, t, t)) for t in tokens] == [[]] * 3


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
def test_second_try_of_the_same_form_is_no_replay_of_its_token(stack: Stack, headers: dict[str, Any]) -> None:
    token = open_form(stack)
    first = send(stack, token, "One.", **headers)
    assert send(stack, token, "One.", **headers).json == first.json
    assert reasons_of(stack, first) == []


def test_refused_submission_does_not_spend_its_form(stack: Stack) -> None:
    token = open_form(stack)
    bad = stack.call("POST", "/v1/comments", COMMENT | {"email": "x", "form_token": token})
    unknown = stack.call("POST", "/v1/comments", COMMENT | {"parent_id": "c0", "form_token": token})
    assert [bad.status, unknown.status] == [422, 422]
    assert reasons_of(stack, send(stack, token, "One.")) == []


def test_enquiries_are_held_to_it_too_and_forms_of_both_kinds_are_apart(stack: Stack) -> None:
    token = open_form(stack, "enquiry")
    assert REPLAYED not in reasons_of(stack, send(stack, open_form(stack), "One."))
    found = []
    for message in "ab":
        body = ENQUIRY | {"message": message, "form_token": token}
        reference = stack.call("POST", "/v1/enquiries", body).json["reference"]
        stack.deliver(FakeSes())
        shown = stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions").json
        found.append([reason["code"] for reason in shown["reasons"]])
    assert found == [[], [REPLAYED]]


def test_token_is_remembered_until_it_is_too_old(stack: Stack) -> None:
    opened = stack.now
    token = open_form(stack)
    send(stack, token, "One.")
    [mark] = [item for item in stack.items("GuardTable") if item["guard_key"]["S"].startswith("mark#")]
    assert int(mark["expires_at"]["N"]) >= (opened + FORM_TOKEN_LIFE).timestamp()
    stack.later(hours=23)
    assert reasons_of(stack, send(stack, token, "Two.")) == [REPLAYED]
    stack.later(hours=2)
    assert reasons_of(stack, send(stack, token, "Three.")) == ["form_token_too_old", REPLAYED]


def test_both_submissions_of_one_form_are_mailed(stack: Stack) -> None:
    token = open_form(stack)
    ses = FakeSes()
    for message in ("One.", "Two."):
        add_comment(stack, message=message, form_token=token)
    add_comment(stack, message="Of no form.")
    stack.deliver(ses)
    assert len(ses.sent) == 3


LONG = "A verse that programs send again and again."


def test_text_that_comes_again_without_a_form_is_suspect_on_any_page_from_anybody(stack: Stack) -> None:
    first = send(stack, "", LONG)
    again = stack.call(
        "POST",
        "/v1/comments",
        {"page": "/b", "name": "X", "email": "x@visitor.example", "message": LONG.upper() + " !!"},
        ip="198.51.100.1",
    )
    stack.deliver(FakeSes())
    other = send(stack, "", LONG + " Or not.")
    assert reasons_of(stack, first) == ["form_token_missing"]
    assert reasons_of(stack, again) == ["form_token_missing", "sent_before"]
    assert reasons_of(stack, other) == ["form_token_missing"]
    stack.later(days=1)
    assert reasons_of(stack, send(stack, "", LONG)) == ["form_token_missing"]


def test_short_text_may_come_again(stack: Stack) -> None:
    replies = [
        send(stack, "", "Thank you so much!", ip=f"198.51.100.{n}", idempotency_key=f"{n}") for n in range(2)
    ]
    assert [reasons_of(stack, reply) for reply in replies] == [["form_token_missing"]] * 2
    assert len({reply.json["id"] for reply in replies}) == 2


def test_text_that_comes_with_forms_is_not_compared(stack: Stack) -> None:
    """A submission has one mark, and it is the form's: see docs/judgement.md."""
    replies = [send(stack, open_form(stack), f"{LONG} {' ' * n}") for n in range(2)]
    stack.later(minutes=11)
    replies.append(send(stack, open_form(stack), LONG))
    assert [reasons_of(stack, reply) for reply in replies] == [[]] * 3
