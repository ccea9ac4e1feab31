"""The one place where errors become HTTP answers (RFC 9457, and the contract's table)."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import errors
from chalicelib.api.answers import PROBLEM, Answer, to_json
from chalicelib.errors import FrontdeskError

# Long enough for a throttled table or a failing-over node to come back.
_RETRY_UNAVAILABLE_SECONDS = 2

# A write that timed out may have been made: whole, for it is one transaction. So not "nothing was stored".
_SEND_AGAIN = "Please send it again: what arrives twice is kept once."

_NO_MORE: Mapping[str, Any] = {}

# error: (status, code, title, detail)
_TABLE: dict[type[FrontdeskError], tuple[int, str, str, str]] = {
    errors.Malformed: (400, "malformed", "Bad request", "The body cannot be read."),
    errors.BadCursor: (400, "bad_cursor", "Bad cursor", "The cursor is not one that this list gave out."),
    errors.Unauthenticated: (401, "unauthenticated", "Not signed in", "A valid staff credential is needed."),
    errors.Forbidden: (403, "forbidden", "Not allowed", "Your role does not allow this."),
    errors.NotFound: (404, "not_found", "Not found", "There is nothing here."),
    errors.WrongFunction: (404, "not_found", "Not found", "There is nothing here."),
    errors.MethodNotAllowed: (405, "method_not_allowed", "Method not allowed", "See the Allow header."),
    errors.IllegalTransition: (
        409,
        "illegal_transition",
        "Not possible",
        "It cannot go to that status from its own.",
    ),
    errors.PageClosed: (409, "page_closed", "Closed", "This page takes no new comments."),
    errors.LinkEnded: (410, "gone", "No longer valid", "This link no longer works."),
    errors.StaleRevision: (
        412,
        "stale_revision",
        "Changed meanwhile",
        "Read it again: it has a newer revision.",
    ),
    errors.TooLarge: (413, "too_large", "Too large", "A body is at most 32 KiB."),
    errors.UnsupportedMediaType: (
        415,
        "unsupported_media_type",
        "Unsupported media type",
        "Send JSON in UTF-8.",
    ),
    errors.InvalidFields: (422, "invalid_fields", "Please check the fields", "See errors for each field."),
    errors.ParentNotPublished: (
        422,
        "invalid_fields",
        "Please check the fields",
        "See errors for each field.",
    ),
    errors.IdempotencyKeyReused: (
        422,
        "idempotency_key_reused",
        "Idempotency-Key reused",
        "This key came before with another body.",
    ),
    errors.RevisionRequired: (
        428,
        "revision_required",
        "Revision required",
        "Send If-Match with the ETag you read.",
    ),
    errors.RateLimited: (429, "rate_limited", "Too many", "Please wait a little, then send it again."),
    errors.Unavailable: (
        503,
        "unavailable",
        "Not available now",
        _SEND_AGAIN,
    ),
}


def status_and_code(error: FrontdeskError) -> tuple[int, str]:
    """What the answer would say of it, for one of many."""
    status, code, _, _ = _TABLE[type(error)]
    return status, code


def to_answer(error: FrontdeskError, more: Mapping[str, Any] = _NO_MORE) -> Answer:
    """`more` are extension members (RFC 9457, 3.2)."""
    status, code, title, detail = _TABLE[type(error)]
    if isinstance(error, errors.Malformed):
        detail = error.why
    return _problem(status, code, title, detail, _field_errors(error), _headers(error), more)


def unexpected(more: Mapping[str, Any] = _NO_MORE) -> Answer:
    """A defect of ours. It says nothing of what went wrong: that could be somebody's words."""
    return _problem(500, "internal", "Our mistake", "Something went wrong on our side.", [], {}, more)


def _problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    field_errors: list[dict[str, str]],
    headers: dict[str, str],
    more: Mapping[str, Any],
) -> Answer:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": field_errors,
        **more,
    }
    return Answer(status, to_json(document), PROBLEM, {"Cache-Control": "no-store", **headers})


def _field_errors(error: FrontdeskError) -> list[dict[str, str]]:
    if isinstance(error, errors.ParentNotPublished):
        code, sentence = errors.NO_PARENT
        return [{"field": "parent_id", "code": code, "message": sentence}]
    if isinstance(error, errors.InvalidFields):
        return [{"field": p.field, "code": p.code, "message": p.message} for p in error.problems]
    return []


def _headers(error: FrontdeskError) -> dict[str, str]:
    makers: dict[type[FrontdeskError], Callable[[Any], dict[str, str]]] = {
        errors.Unauthenticated: lambda _: {"WWW-Authenticate": "Bearer"},
        errors.MethodNotAllowed: lambda e: {"Allow": ", ".join(e.allowed)},
        errors.RateLimited: lambda e: {"Retry-After": str(e.retry_after_seconds)},
        errors.Unavailable: lambda _: {"Retry-After": str(_RETRY_UNAVAILABLE_SECONDS)},
    }
    make = makers.get(type(error))
    return make(error) if make else {}
