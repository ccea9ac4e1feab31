"""What holds for every answer, and what the log says of it: never a visitor's word."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api.requests import Request
from chalicelib.api.routes import ROUTES, Route
from chalicelib.api.views import respond
from tests.acts import COMMENT, ENQUIRY, publish
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import FakeSes, Stack

SECRETS = ["Zaphod", "zaphod@visitor.example", "Quux", "203.0.113", "555 0100"]
PRIVATE = {"name": "Zaphod", "email": "zaphod@visitor.example", "message": "Quux"}


def words_in(text: str) -> list[str]:
    return [word for word in SECRETS if word.casefold() in text.casefold()]


def test_no_log_line_repeats_a_visitor(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="frontdesk")
    caplog.set_level(logging.INFO)
    publish(stack, **PRIVATE)
    stack.call("POST", "/v1/enquiries", PRIVATE | {"phone": "555 0100"})
    for bad in ({"Zaphod": 1}, {"name": "Quux" * 99}, {"email": "zaphod"}, {"page": "https://quux.example"}):
        assert stack.call("POST", "/v1/comments", COMMENT | PRIVATE | bad).status == 422
    stack.call("POST", "/v1/comments", '{"name": "Zaphod')
    stack.call(
        "POST", "/v1/comments", "name=Zaphod&message=Quux", content_type="application/x-www-form-urlencoded"
    )
    stack.call("GET", "/v1/comments", query={"page": "/zaphod", "cursor": "Quux"})
    stack.call("GET", "/v1/staff/comments", role="admin")
    stack.call("GET", "/v1/staff/comments/Zaphod", role="admin")
    for outage in OUTAGES.values():
        desk = desk_on(stack, "public", FailingClient(outage))
        assert stack.call("POST", "/v1/comments", COMMENT | PRIVATE, desk=desk).status == 503
    stack.deliver(FakeSes(RuntimeError("to zaphod@visitor.example"), ValueError("Quux")))
    stack.later(minutes=30)
    stack.keep_house()
    assert len(caplog.records) > 20
    assert words_in(caplog.text) == []
    for record in caplog.records:
        if record.name == "frontdesk":
            assert isinstance(json.loads(record.getMessage()), dict)


def test_defect_is_a_500_that_says_nothing_and_a_log_line_that_names_the_place(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("Zaphod wrote Quux")

    route = replace(next(r for r in ROUTES if r.path == "/healthz"), handler=broken)
    answer = serve(stack, route).to_dict()
    assert answer["statusCode"] == 500
    assert words_in(str(answer) + caplog.text) == []
    [line] = [json.loads(record.getMessage()) for record in caplog.records]
    assert line["outcome"].startswith("unexpected ValueError at test_views.py:")
    assert (line["status"], line["route"]) == (500, "GET /healthz")


def serve(stack: Stack, route: Route, method: str | None = None, **headers: str) -> Any:
    context = {"httpMethod": method or route.method, "resourcePath": route.path, "requestId": "r1"}
    request = Request(
        {"headers": headers, "requestContext": context | {"identity": {"sourceIp": "203.0.113.7"}}}
    )
    known = route if method in (None, route.method) else None
    return respond(request, stack.desk(route.audience), known, route.audience, (route.method, "OPTIONS"))


def test_bad_input_is_repeated_in_no_answer(stack: Stack) -> None:
    bodies: list[Any] = [
        COMMENT | {"Zaphod wrote": 1},
        dict.fromkeys(COMMENT, "Quux" * 9999),
        {name: ["Zaphod"] for name in ENQUIRY},
        '{"Zaphod": Quux',
        '"Zaphod"',
    ]
    for body in bodies:
        for path in ("/v1/comments", "/v1/enquiries"):
            reply = stack.call("POST", path, body)
            assert reply.status in (400, 413, 422)
            assert words_in(reply.text) == []
    for query in ({"page": "Zaphod"}, {"page": "/", "limit": "Zaphod"}, {"page": "/", "order": "Quux"}):
        assert words_in(stack.call("GET", "/v1/comments", query=query).text) == []


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://www.example.org", True),
        ("https://blog.example.org", True),
        ("https://example.org", False),
        ("http://www.example.org", False),
        ("https://www.example.org.evil.example", False),
        ("https://WWW.example.org", False),
        ("null", False),
        ("*", False),
        ("", False),
    ],
)
def test_exactly_the_configured_origins_are_allowed_on_answers_and_errors(
    stack: Stack, origin: str, allowed: bool
) -> None:
    replies = [stack.call("GET", "/healthz", origin=origin), stack.call("GET", "/v1/form", origin=origin)]
    assert [reply.status for reply in replies] == [200, 422]
    for reply in replies:
        assert reply.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert reply.headers["vary"] == "Origin"
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_options_needs_no_credential_and_tells_the_methods(stack: Stack) -> None:
    route = next(r for r in ROUTES if r.path == "/v1/staff/tokens")
    answer = serve(stack, route, "OPTIONS", origin="https://www.example.org").to_dict()
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (204, "GET, OPTIONS")
    assert "Content-Type" not in answer["headers"]


def test_wrong_method_is_405_with_allow(stack: Stack) -> None:
    answer = serve(stack, next(r for r in ROUTES if r.path == "/healthz"), "POST").to_dict()
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET, OPTIONS")


def test_unchanged_thread_is_304_without_a_body(stack: Stack) -> None:
    publish(stack)
    etag = stack.call("GET", "/v1/comments", query={"page": "/a"}).headers["etag"]
    for tag, status in (
        (etag, 304),
        (f"W/{etag}", 304),
        (f'"x", {etag}', 304),
        ("*", 304),
        ('"x"', 200),
        ("", 200),
    ):
        reply = stack.call("GET", "/v1/comments", query={"page": "/a"}, if_none_match=tag)
        assert (reply.status, reply.headers["etag"]) == (status, etag)
        assert (reply.text == "") is (status == 304)


def test_demo_is_served_on_the_local_stage_alone(stack: Stack) -> None:
    for stage, status in (("local", 200), ("prod", 404)):
        desk = stack.desk("public")
        desk = replace(desk, settings=desk.settings.model_copy(update={"stage": stage}))
        assert stack.call("GET", "/demo", desk=desk).status == status
        assert stack.call("GET", "/demo.js", desk=desk).status == status
        assert stack.call("GET", "/console", desk=desk).status == 200


def test_page_counts_the_same_however_its_letters_are_composed(stack: Stack) -> None:
    publish(stack, page="/cafe\u0301")
    counts = stack.call("POST", "/v1/comments/counts", {"pages": ["/caf\u00e9", "/cafe\u0301"]}).json[
        "counts"
    ]
    assert counts == {"/caf\u00e9": 1, "/cafe\u0301": 1}
