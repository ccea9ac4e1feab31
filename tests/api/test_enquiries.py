"""What an enquiry must say, where the site asks for more."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.acts import ENQUIRY, post_enquiry
from tests.stack import Stack

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def consenting(stack: Stack) -> Stack:
    stack.settings |= {"CONSENT_REQUIRED": "true", "CONSENT_VERSION": "2026-03"}
    return stack


@pytest.mark.parametrize("fields", [{}, {"consent": False}])
def test_enquiry_without_consent_is_refused_where_it_is_required(
    consenting: Stack, fields: dict[str, Any]
) -> None:
    reply = post_enquiry(consenting, **fields)
    assert reply.status == 422
    assert [e["field"] for e in reply.json["errors"]] == ["consent"]
    assert consenting.items("EnquiriesTable") == []


def test_form_whose_box_is_not_ticked_is_refused(consenting: Stack) -> None:
    form = "name=Sam&email=sam%40visitor.example&message=Hello"
    assert consenting.call("POST", "/v1/enquiries", form, content_type=FORM).status == 422
    assert consenting.call("POST", "/v1/enquiries", f"{form}&consent=on", content_type=FORM).status == 200


def test_version_of_the_wording_is_stored_with_the_consent(consenting: Stack) -> None:
    assert post_enquiry(consenting, consent=True).status == 202
    [shown] = consenting.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
    assert shown["consent_version"] == "2026-03"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "n" * 81, "This is too long."),
        ("message", "m" * 10_001, "This is too long."),
        ("phone", "1" * 41, "This is too long."),
        ("page", "/" + "p" * 1100, "This address is too long."),
        ("contact_by", ["email"] * 5, "These are too many."),
    ],
)
def test_sentence_about_what_is_too_long_fits_the_field(
    stack: Stack, field: str, value: Any, message: str
) -> None:
    [error] = stack.call("POST", "/v1/enquiries", ENQUIRY | {field: value}).json["errors"]
    assert (error["field"], error["code"], error["message"]) == (field, "too_long", message)


@pytest.mark.parametrize("blank", [" ", "\n", "\u200b", "\u200d\u2060 ", "\u3164", "\u0301"])
def test_text_with_nothing_to_see_is_missing(stack: Stack, blank: str) -> None:
    [error] = stack.call("POST", "/v1/enquiries", ENQUIRY | {"message": blank}).json["errors"]
    assert error["code"] == "required"


@pytest.mark.parametrize(
    "alter", [str.lower, lambda r: r.replace("-", ""), lambda r: r.replace("0", "o").replace("1", "l")]
)
def test_reference_is_found_as_it_was_heard_on_the_phone(stack: Stack, alter: Callable[[str], str]) -> None:
    for number in range(9):
        reference = post_enquiry(stack, message=f"Is there a bed? {number}").json["reference"]
        path = f"/v1/staff/enquiries/{alter(reference)}"
        assert stack.call("GET", path, role="admissions").json["reference"] == reference
        change = stack.call("PATCH", path, {"status": "closed"}, role="admissions", if_match='"1"')
        assert (change.status, change.json["reference"]) == (200, reference)
