"""What the gateway itself refuses, as the contract's problem documents."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from chalicelib.api.answers import SECURITY_HEADERS

PROBLEM = "application/problem+json"

# status: (code, title, detail)
_WORDS = {
    400: ("malformed", "Bad request", "The request cannot be read."),
    401: ("unauthenticated", "Not signed in", "A valid staff credential is needed."),
    403: ("forbidden", "Not allowed", "Your role does not allow this."),
    404: ("not_found", "Not found", "There is nothing here."),
    405: ("method_not_allowed", "Method not allowed", "See the Allow header."),
    413: ("too_large", "Too large", "The request is too large."),
    431: ("too_large", "Headers too large", "The request's headers are too large."),
    503: ("unavailable", "Not available now", "Please send it again: what arrives twice is kept once."),
    500: ("internal", "Our mistake", "Something went wrong on our side."),
}


@dataclass
class Refusal(Exception):
    status: int
    headers: dict[str, str] = field(default_factory=dict)


def unauthenticated() -> Refusal:
    return Refusal(401, {"WWW-Authenticate": "Bearer"})


def unavailable() -> Refusal:
    return Refusal(503, {"Retry-After": "2"})


def method_not_allowed(allowed: Collection[str]) -> Refusal:
    return Refusal(405, {"Allow": ", ".join(sorted(allowed))})


def problem_body(status: int) -> bytes:
    code, title, detail = _WORDS[status]
    document = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
    }
    return json.dumps(document).encode()


def problem_headers() -> dict[str, str]:
    return {**SECURITY_HEADERS, "Content-Type": PROBLEM, "Cache-Control": "no-store"}


def cors_headers(origin: str | None, allowed_origins: Collection[str]) -> dict[str, str]:
    """An origin is compared whole, and the answer varies by it even where there is none."""
    if origin is not None and origin in allowed_origins:
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    return {"Vary": "Origin"}
