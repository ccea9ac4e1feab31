"""Each error has its answer, and it is the contract's."""

import inspect
import json
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.api import problems
from chalicelib.errors import FieldProblem, FrontdeskError
from tests.acts import COMMENT, ENQUIRY, post_enquiry
from tests.faults import FailingClient, desk_on, refused
from tests.stack import Stack

# It never leaves the domain: `submit_comment` and `submit_enquiry` answer it as the first time.
CAUGHT_IN_THE_DOMAIN = {
    errors.AlreadySubmitted,
    errors.NotTrusted,
}

CONTRACT: list[tuple[FrontdeskError, int, str]] = [
    (errors.Malformed("The body is not JSON in UTF-8."), 400, "malformed"),
    (errors.BadCursor(), 400, "bad_cursor"),
    (errors.Unauthenticated(), 401, "unauthenticated"),
    (errors.Forbidden("admin"), 403, "forbidden"),
    (errors.NotFound(), 404, "not_found"),
    (errors.WrongFunction(), 404, "not_found"),
    (errors.MethodNotAllowed(("GET", "HEAD")), 405, "method_not_allowed"),
    (errors.IllegalTransition("spam", "spam"), 409, "illegal_transition"),
    (errors.PageClosed(), 409, "page_closed"),
    (errors.LinkEnded(), 410, "gone"),
    (errors.StaleRevision(), 412, "stale_revision"),
    (errors.TooLarge(32768), 413, "too_large"),
    (errors.UnsupportedMediaType(), 415, "unsupported_media_type"),
    (errors.InvalidFields([FieldProblem("a", "b", "C.")]), 422, "invalid_fields"),
    (errors.ParentNotPublished(), 422, "invalid_fields"),
    (errors.IdempotencyKeyReused(), 422, "idempotency_key_reused"),
    (errors.RevisionRequired(), 428, "revision_required"),
    (errors.RateLimited(7), 429, "rate_limited"),
    (errors.Unavailable("Query"), 503, "unavailable"),
]


def every_error() -> set[type[FrontdeskError]]:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, FrontdeskError)]
    return set(classes) - {FrontdeskError}


def test_each_error_has_an_entry_in_the_table() -> None:
    assert set(problems._TABLE) == every_error() - CAUGHT_IN_THE_DOMAIN
    assert {type(error) for error, _, _ in CONTRACT} == set(problems._TABLE)


@pytest.mark.parametrize(("error", "status", "code"), CONTRACT, ids=lambda case: type(case).__name__)
def test_answer_is_the_contracts(error: FrontdeskError, status: int, code: str) -> None:
    answer = problems.to_answer(error)
    body: dict[str, Any] = json.loads(answer.body)
    assert (answer.status, body["status"], body["code"]) == (status, status, code)
    assert list(body) == ["type", "title", "status", "detail", "code", "errors"]
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (errors.MethodNotAllowed(("GET", "HEAD")), "Allow", "GET, HEAD"),
        (errors.RateLimited(7), "Retry-After", "7"),
        (errors.Unavailable("Query"), "Retry-After", "2"),
        (errors.Unauthenticated(), "WWW-Authenticate", "Bearer"),
    ],
    ids=str,
)
def test_answer_has_the_header_that_its_status_needs(error: FrontdeskError, header: str, value: str) -> None:
    assert problems.to_answer(error).headers[header] == value


def test_every_bad_field_is_told() -> None:
    bad = [
        FieldProblem("name", "required", "This is required."),
        FieldProblem("page", "too_long", "Too long."),
    ]
    told = json.loads(problems.to_answer(errors.InvalidFields(bad)).body)["errors"]
    assert told == [
        {"field": "name", "code": "required", "message": "This is required."},
        {"field": "page", "code": "too_long", "message": "Too long."},
    ]


def test_defect_says_nothing_of_itself() -> None:
    answer = problems.unexpected()
    assert (answer.status, json.loads(answer.body)["code"]) == (500, "internal")


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/enquiries"])
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("[]", {}, 400),
        ("{}", {}, 422),
        ("x" * 40_000, {}, 413),
        ("{}", {"content_type": "text/plain"}, 415),
    ],
)
def test_crisis_lines_come_with_a_refusal_too(
    stack: Stack, path: str, body: str, headers: dict[str, Any], status: int
) -> None:
    """Who could not send what they wrote may need them most."""
    reply = stack.call("POST", path, body, **headers)
    assert reply.status == status
    accepted = stack.call("GET", "/v1/form", query={"kind": "comment"}).json
    assert reply.json["help"] == accepted["help"]


def test_crisis_lines_come_when_storage_is_down_or_the_rate_is_exceeded(stack: Stack) -> None:
    stack.settings["RATE_LIMIT"] = "1"
    down = desk_on(stack, "public", FailingClient(refused("InternalServerError")))
    assert post_enquiry(stack).status == 202
    for reply in (
        stack.call("POST", "/v1/enquiries", ENQUIRY | {"message": "Again."}),
        stack.call("POST", "/v1/comments", COMMENT, desk=down),
    ):
        assert reply.status in (429, 503)
        assert reply.json["help"]["lines"]


def test_other_problems_have_no_more_than_the_contracts_members(stack: Stack) -> None:
    assert "help" not in stack.call("GET", "/v1/comments").json


@pytest.mark.parametrize("field", ["website", "form_token", "altcha"])
@pytest.mark.parametrize("odd", [None, "", "y" * 20_000, "\x00", "\ud800"])
def test_what_people_do_not_see_is_never_an_error(stack: Stack, field: str, odd: str | None) -> None:
    """It would cost a person what they wrote, and show a program the trap."""
    for path, body in (("/v1/comments", COMMENT), ("/v1/enquiries", ENQUIRY)):
        assert stack.call("POST", path, body | {field: odd, "message": f"{field} {odd!r:.9}"}).status == 202
