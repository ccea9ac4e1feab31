"""The text that is proposed: without contact details, and otherwise as it was typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.judgement.contacts import (
    _OTHER_PHONE,
    _STREETS,
    _US_PHONE,
    _find_any,
    _find_phones,
    find_contacts,
)
from tests.acts import add_comment, answer, decide, publish, read_thread
from tests.judgement.submissions import RULES
from tests.stack import Stack

PHONE, EMAIL, STREET = "[phone number removed]", "[email address removed]", "[street address removed]"


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("Call me: 555-123-4567!", f"Call me: {PHONE}!"),
        ("Call (555) 123-4567 or +44 20 7946 0958, day & night", f"Call {PHONE} or {PHONE}, day & night"),
        ("Write to jo.wren@mail.example.org. Thanks", f"Write to {EMAIL}. Thanks"),
        ("<jo@example.org>\n\n  jo@example.org", f"<{EMAIL}>\n\n  {EMAIL}"),
        ("I live at 12 Oak Street, Apt 4.", f"I live at {STREET}, Apt 4."),
        ("Jo, 12 Oak St., 555-123-4567, jo@x.org", f"Jo, {STREET}, {PHONE}, {EMAIL}"),
        ("Call 1-800-662-4357, not 1-800-662-4358", f"Call 1-800-662-4357, not {PHONE}"),
        ("(800) 662-4357", None),
        ("I am 34, sober since 10-20-2019, at 7:30 or 19:00", None),
        ("1,234,567 people and 3.14159265", None),
        ("He is @jo on that site, a@b", None),
        ("12 steps a day, in a new way of life", None),
        ("", None),
    ],
)
def test_proposed_text(text: str, proposed: str | None) -> None:
    assert RULES.propose_text(text) == proposed


def test_nothing_is_proposed_for_what_was_proposed() -> None:
    proposed = RULES.propose_text("Jo, 12 Oak Street, 555-123-4567, jo@example.org")
    assert proposed
    assert RULES.propose_text(proposed) is None


@given(st.text(alphabet="a1 5-.@+()x\nOSt", max_size=200))
def test_contacts_lie_apart_and_in_order(text: str) -> None:
    contacts = find_contacts(text, frozenset())
    edges = [edge for contact in contacts for edge in (contact.start, contact.end)]
    assert edges == sorted(edges)
    assert all(contact.start < contact.end for contact in contacts)


@given(
    st.lists(
        st.sampled_from(
            [
                *"1 A-",
                "12 ",
                "Oak ",
                "St",
                "St. ",
                "Ave ",
                "oak avenue",
                "P.O. ",
                "Box 7",
                "Calle ",
                "b ",
                "av. ",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_streets_are_found_as_by_one_pattern_of_all(text: str) -> None:
    whole = re.compile("|".join(pattern.pattern for pattern in _STREETS))
    assert [m.span() for m in _find_any(_STREETS, text)] == [m.span() for m in whole.finditer(text)]


def test_street_behind_one_that_overlaps_is_found() -> None:
    text = "1 Oak Calle St. Calle b 22"
    assert [text[m.start() : m.end()] for m in _find_any(_STREETS, text)] == ["1 Oak Calle St.", "Calle b 22"]


@given(
    st.lists(
        st.sampled_from(
            [
                *"12(+)-. /a=\u0665",
                "555",
                "4567",
                "+1",
                "00",
                "44 ",
                "555-123-4567",
                "555-1234",
                "+44 20 7946 0",
            ]
        ),
        max_size=24,
    ).map("".join)
)
def test_phones_are_found_where_they_would_be_in_the_whole_text(text: str) -> None:
    everywhere = {m.span() for pattern in (_US_PHONE, _OTHER_PHONE) for m in pattern.finditer(text)}
    assert {m.span() for m in _find_phones(text)} == everywhere


def test_proposed_text_can_always_be_stored() -> None:
    text = "a@b.co " * 714
    proposed = RULES.propose_text(text)
    assert proposed is not None
    assert len(proposed) <= 5000
    assert "a@b.co" not in proposed


def test_moderator_sees_the_proposal_and_takes_it_over(stack: Stack) -> None:
    typed = "Ring me on 555-123-4567."
    comment_id = add_comment(stack, message=typed)
    path = f"/v1/staff/comments/{comment_id}"
    listed = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"][0]
    one = stack.call("GET", path, role="moderator").json
    assert listed["proposed_text"] == one["proposed_text"] == f"Ring me on {PHONE}."
    assert one["text"] == one["original_text"] == typed
    assert "contact_phone" in {reason["code"] for reason in one["reasons"]}
    decided = decide(stack, comment_id, '"1"', status="approved", text=one["proposed_text"]).json
    assert decided["proposed_text"] is None
    assert decided["original_text"] == typed
    assert read_thread(stack)["comments"][0]["text"] == f"Ring me on {PHONE}."


def test_nothing_is_proposed_where_there_is_nothing_or_staff_wrote_it(stack: Stack) -> None:
    comment_id = publish(stack)
    assert (
        stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json["proposed_text"] is None
    )
    assert answer(stack, comment_id, "Call us: 555-123-4567.").json["proposed_text"] is None
