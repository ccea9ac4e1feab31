"""The OpenAPI document tells of exactly the routes, and the answers are what it says."""

import json
from copy import deepcopy
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from chalicelib.api.openapi import make_document
from chalicelib.api.routes import ROUTES
from chalicelib.api.site import FILES
from chalicelib.staff_tokens import ROLES
from tests.acts import (
    COMMENT,
    add_comment,
    answer,
    change_enquiry,
    decide,
    erase,
    post_comment,
    post_enquiry,
    publish,
)
from tests.stack import Reply, Stack

DOCUMENT = make_document("https://desk.example.org")


def test_document_is_valid_openapi_3_1_and_json() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    validate(json.loads(json.dumps(DOCUMENT)))


def test_document_has_exactly_the_routes_but_pages_and_files() -> None:
    told = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert told == {(route.method, route.path) for route in ROUTES if route.path not in FILES}


def test_operation_ids_are_unique() -> None:
    operations = [o for methods in DOCUMENT["paths"].values() for o in methods.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.path not in FILES], ids=lambda r: f"{r.method} {r.path}"
)
def test_operation_tells_who_may_call_it_and_what_it_takes(route: Any) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert ("security" in operation) is bool(route.roles)
    assert ("requestBody" in operation) is (route.body is not None)
    named = {parameter["name"] for parameter in operation["parameters"]}
    assert ("If-Match" in named) is (route.if_match is not None)
    assert ("Idempotency-Key" in named) is route.takes_key
    assert set(operation["responses"]) >= {str(status) for status in route.answers or {}} | {"default"}


def test_limits_and_defaults_are_told() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    fields = schemas["CommentSubmission"]["properties"]
    assert (fields["name"]["minLength"], fields["name"]["maxLength"]) == (1, 80)
    assert fields["message"]["maxLength"] == 5000
    assert schemas["CommentSubmission"]["required"] == ["page", "name", "email", "message"]
    assert schemas["CommentSubmission"]["additionalProperties"] is False
    assert schemas["EnquirySubmission"]["properties"]["message"]["maxLength"] == 10_000
    limit = next(p for p in DOCUMENT["paths"]["/v1/comments"]["get"]["parameters"] if p["name"] == "limit")
    told = {name: limit["schema"][name] for name in ("minimum", "maximum", "default")}
    assert told == {"minimum": 1, "maximum": 100, "default": 50}


# ---- the answers


def closed(schema: Any) -> Any:
    """The schema with every key of every object required that has no default, and no other key allowed."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: closed(part) for name, part in schema.items()}
    if strict.get("type") == "object" and "properties" in strict:
        required = sorted(name for name, key in strict["properties"].items() if "default" not in key)
        strict |= {"additionalProperties": False, "required": required}
    return strict


def fits(reply: Reply, method: str, path: str) -> None:
    """The answer is what the document says of this route and status: all of it, and nothing else."""
    responses = DOCUMENT["paths"][path][method.lower()]["responses"]
    response = responses.get(str(reply.status), responses["default"])
    # A form post is answered by a page. These were sent as JSON, and JSON comes back.
    [(content_type, content)] = [told for told in response["content"].items() if told[0] != "text/html"]
    assert reply.headers["content-type"] == content_type
    schema = {**deepcopy(content["schema"]), "components": closed(DOCUMENT["components"])}
    problems = [error.message for error in OAS31Validator(schema).iter_errors(reply.json)]
    assert problems == [], (method, path)


def test_closed_schema_notices_a_missing_and_a_further_key() -> None:
    schema = {"$ref": "#/components/schemas/Health", "components": closed(DOCUMENT["components"])}
    assert not list(OAS31Validator(schema).iter_errors({"status": "ok"}))
    assert list(OAS31Validator(schema).iter_errors({}))
    assert list(OAS31Validator(schema).iter_errors({"status": "ok", "more": 1}))


def test_visitors_get_what_the_document_says(stack: Stack) -> None:
    fits(post_comment(stack, parent_id=publish(stack, message="First.")), "POST", "/v1/comments")
    fits(post_comment(stack, website="x", message="Buy."), "POST", "/v1/comments")
    fits(post_enquiry(stack), "POST", "/v1/enquiries")
    for query in ({"page": "/a"}, {"page": "/nothing"}, {"page": "/a", "limit": "0"}):
        fits(stack.call("GET", "/v1/comments", query=query), "GET", "/v1/comments")
    counts = stack.call("POST", "/v1/comments/counts", {"pages": ["/a"]})
    fits(counts, "POST", "/v1/comments/counts")
    fits(stack.call("GET", "/v1/form", query={"kind": "enquiry"}), "GET", "/v1/form")
    fits(stack.call("GET", "/healthz"), "GET", "/healthz")


def test_staff_get_what_the_document_says(stack: Stack) -> None:
    comment_id = publish(stack)
    add_comment(stack, message="Waits.")
    reference = post_enquiry(stack, phone="555", contact_by=["call"], page="/a").json["reference"]
    one, many = "/v1/staff/comments/{comment_id}", "/v1/staff/comments"
    for status in ("pending", "approved"):
        fits(stack.call("GET", many, role="admin", query={"status": status, "limit": "1"}), "GET", many)
    fits(stack.call("GET", f"{many}/{comment_id}", role="admin"), "GET", one)
    fits(decide(stack, comment_id, '"2"', status="spam"), "PATCH", one)
    fits(decide(stack, comment_id, '"2"', status="spam"), "PATCH", one)
    enquiries = "/v1/staff/enquiries"
    fits(stack.call("GET", enquiries, role="admin"), "GET", enquiries)
    fits(stack.call("GET", f"{enquiries}/{reference}", role="admin"), "GET", f"{enquiries}/{{reference}}")
    fits(
        change_enquiry(stack, reference, '"1"', status="closed", assignee="Kim", note="Done."),
        "PATCH",
        f"{enquiries}/{{reference}}",
    )
    fits(stack.call("GET", f"{enquiries}/{reference}", role="admin"), "GET", f"{enquiries}/{{reference}}")
    parent = publish(stack, message="Third.")
    fits(answer(stack, parent), "POST", f"{one}/reply")
    fits(answer(stack, parent, ""), "POST", f"{one}/reply")
    decisions = [{"id": parent, "revision": 2, "status": "approved"}, {"id": parent}, 7]
    decisions.append({"id": add_comment(stack, message="Fourth."), "revision": 1, "status": "spam"})
    bulk = stack.call("POST", f"{many}/bulk", {"decisions": decisions}, role="admin")
    assert [r["status"] for r in bulk.json["results"]] == [409, 422, 422, 200]
    fits(bulk, "POST", f"{many}/bulk")
    pages, page = "/v1/staff/pages", {"page": "/a"}
    fits(stack.call("PATCH", pages, {"closed": True}, role="admin", query=page), "PATCH", pages)
    fits(stack.call("GET", pages, role="admin", query=page), "GET", pages)
    assert erase(stack, parent).status == 204
    fits(stack.call("GET", "/v1/staff/audit", role="admin"), "GET", "/v1/staff/audit")
    for role in ROLES:
        fits(stack.call("GET", "/v1/staff/stats", role=role), "GET", "/v1/staff/stats")
    for act in ("export", "erase", "export"):
        path = f"/v1/staff/people/{act}"
        fits(stack.call("POST", path, {"email": COMMENT["email"]}, role="admin"), "POST", path)
    tokens = "/v1/staff/tokens"
    made = stack.call("POST", tokens, {"role": "admin", "name": "Kim"}, role="admin")
    fits(made, "POST", tokens)
    assert made.headers["location"] == f"{tokens}/{made.json['id']}"
    fits(stack.call("GET", tokens, role="admin"), "GET", tokens)


def test_every_problem_fits_the_document(stack: Stack) -> None:
    bad: list[Any] = ["{", [], {}, COMMENT | {"more": 1}, COMMENT | {"page": "https://evil.example"}]
    for body in bad:
        reply = stack.call("POST", "/v1/comments", json.dumps(body) if body != "{" else body)
        assert reply.status in (400, 422)
        fits(reply, "POST", "/v1/comments")


def test_if_match_is_told_to_be_required_only_where_it_is(stack: Stack) -> None:
    comment_id, reference = publish(stack), post_enquiry(stack).json["reference"]
    ids = {"{comment_id}": comment_id, "{reference}": reference}
    for route in ROUTES:
        if route.if_match is not None:
            path = route.path
            for name, known in ids.items():
                path = path.replace(name, known)
            body = {"status": "spam"} if route.body else None
            reply = stack.call(route.method, path, body, role="admin")
            assert (reply.status == 428) is route.if_match, path


def test_document_tells_that_a_refused_form_post_is_a_page() -> None:
    taking_forms = [route for route in ROUTES if route.takes_forms]
    assert taking_forms
    for route in taking_forms:
        refused = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]["default"]
        assert set(refused["content"]) == {"application/problem+json", "text/html"}
