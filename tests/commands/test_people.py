"""Export and erasure by command: the API's, to the end, and the address is repeated nowhere."""

import json

import pytest

from tests.acts import COMMENT, add_comment, post_enquiry
from tests.commands.typing import done, type_command
from tests.stack import FakeSes, Stack

EMAIL = COMMENT["email"]


@pytest.fixture
def known(stack: Stack) -> Stack:
    """A stack that holds something about two people."""
    add_comment(stack)
    add_comment(stack, email="other@example.org", message="Another's.")
    post_enquiry(stack, email=EMAIL.upper())
    stack.deliver(FakeSes())
    return stack


def by_api(stack: Stack, what: str) -> dict[str, object]:
    reply = stack.call("POST", f"/v1/staff/people/{what}", {"email": EMAIL}, role="admin")
    assert reply.status == 200, reply.text
    return {name: value for name, value in reply.json.items() if name not in ("request", "audit")}


@pytest.mark.parametrize("typed", [EMAIL, "-"])
def test_export_is_the_apis_and_is_noted_without_the_address(known: Stack, typed: str) -> None:
    exported = done(known, "people", "export", typed, typed=f"{EMAIL}\n")
    same = {name: value for name, value in by_api(known, "export").items() if name in exported}
    assert {name: value for name, value in exported.items() if name not in ("request", "audit")} == same
    assert (len(exported["comments"]), len(exported["enquiries"])) == (1, 1)
    [entry] = done(known, "audit", "list", "--subject", exported["request"])["entries"]
    assert entry["action"] == "export"
    assert set(entry["ids"]) == {exported["comments"][0]["id"], exported["enquiries"][0]["reference"]}
    assert EMAIL not in repr(known.items("AuditTable"))


def test_export_for_a_person_is_the_same_document(known: Stack) -> None:
    seen = type_command(known, "people", "export", EMAIL)
    assert len(json.loads(seen.out)["comments"]) == 1
    assert EMAIL not in seen.err


def test_erased_person_is_gone_and_the_other_is_not(known: Stack) -> None:
    erased = done(known, "people", "erase", EMAIL)
    assert (erased["erased"]["comments"], erased["erased"]["enquiries"]) == (1, 1)
    left = done(known, "people", "export", EMAIL)
    assert left["comments"] == left["enquiries"] == left["deliveries"] == []
    assert len(done(known, "people", "export", "other@example.org")["comments"]) == 1
    again = done(known, "people", "erase", EMAIL)
    assert (again["erased"]["comments"], again["erased"]["enquiries"]) == (0, 0)


def test_erasing_asks_first(known: Stack) -> None:
    before = known.items("CommentsTable")
    for terminal, code in ((False, 2), (True, 1)):
        seen = type_command(known, "people", "erase", EMAIL, typed="n\n", terminal=terminal)
        assert (seen.code, seen.out) == (code, "")
        assert EMAIL not in seen.err
    assert known.items("CommentsTable") == before


@pytest.mark.parametrize("what", ["export", "erase"])
def test_what_is_no_address_is_one_plain_line(known: Stack, what: str) -> None:
    seen = type_command(known, "people", what, "robin at home", "--yes")
    assert (seen.code, seen.out, seen.told) == (2, "", "This is not an email address.")
