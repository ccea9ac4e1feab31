"""Answers: what a handler gives back, and the headers that every answer carries."""

import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"

# On everything. The pages we serve have no inline script or style, and nothing from elsewhere.
SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
_EXPOSED_HEADERS = "ETag, Location, Retry-After"


def form_page_policy(origins: tuple[str, ...]) -> str:
    """The policy of a page with a form that may lead to any of `origins`."""
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    return policy.replace("form-action 'self'", " ".join(["form-action 'self'", *origins]))


@dataclass
class Answer:
    status: int
    body: str = ""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def as_json(status: int, value: Any, **headers: str) -> Answer:
    """Header names are written with `_` for `-`: `as_json(200, x, Cache_Control="no-store")`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, to_json(value), JSON, {"Cache-Control": "no-store", **named})


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def preflight(methods: tuple[str, ...]) -> Answer:
    """The answer to OPTIONS, CORS preflight included (Fetch standard, 3.2.3)."""
    return Answer(
        204,
        headers={
            "Allow": ", ".join(methods),
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": "600",
        },
    )


def common_headers(origin: str | None, origins: tuple[str, ...]) -> dict[str, str]:
    """The headers of every answer: security, and CORS for exactly the configured origins."""
    headers = {**SECURITY_HEADERS, "Vary": "Origin"}
    if origin in origins:
        headers["Access-Control-Allow-Origin"] = str(origin)
        headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
    return headers
