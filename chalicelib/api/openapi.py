"""The OpenAPI 3.1 document, made of the routes and the models that the handlers use."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api.requests import FORM, JSON
from chalicelib.api.routes import ROUTES, Route
from chalicelib.api.shapes import Problem, SubmissionProblem
from chalicelib.api.site import FILES
from chalicelib.deferred import loaded

_PROBLEM_JSON = "application/problem+json"
_HTML: dict[str, Any] = {"content": {"text/html": {}}}
_REFS = "#/components/schemas/{model}"


def make_document(server: str) -> dict[str, Any]:
    schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        if route.path not in FILES:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Frontdesk",
            "version": "1",
            "description": "Comments and enquiries for a public site, held private and moderated.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"staff": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> dict[str, Any]:
    models: set[type[BaseModel]] = {Problem, SubmissionProblem}
    for route in ROUTES:
        models |= {loaded(model) for model in (route.body, *(route.answers or {}).values()) if model}
    named = sorted(models, key=lambda model: model.__name__)
    _, document = models_json_schema([(model, "validation") for model in named], ref_template=_REFS)
    definitions: dict[str, Any] = document["$defs"]
    return definitions


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__name__,
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route),
    }
    if route.body:
        types = (FORM,) if route.is_page else (JSON, FORM) if route.takes_forms else (JSON,)
        content = {media_type: {"schema": _ref(route.body)} for media_type in types}
        operation["requestBody"] = {"required": True, "content": content}
    if route.roles:
        operation["security"] = [{"staff": []}]
        operation["description"] = f"For {' and '.join(route.roles)}."
    return operation


def _responses(route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in (route.answers or {}).items():
        content = {"content": {JSON: {"schema": _ref(model)}}} if model else {}
        responses[str(status)] = {"description": route.summary, **(_HTML if route.is_page else content)}
    if route.takes_forms:
        responses["200"] = {
            "description": "A form post: a page that says it worked",
            "content": {"text/html": {}},
        }
        responses["303"] = {"description": "A form post with `next`: sent there"}
    told = SubmissionProblem if route.takes_forms else Problem
    pages = _HTML["content"] if route.takes_forms else {}
    problem = {"content": {_PROBLEM_JSON: {"schema": _ref(told)}, **pages}}
    if route.is_page:
        responses["default"] = {"description": "A page that says what is wrong", **_HTML}
    else:
        responses["default"] = {"description": "A problem (RFC 9457)", **problem}
    return responses


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = re.findall("{([^}]*)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = loaded(route.query).model_json_schema(ref_template=_REFS)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema["properties"].items()
    ]


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    headers: list[dict[str, Any]] = []
    if route.takes_key:
        headers.append(
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}
        )
    if route.if_match is not None:
        headers.append(
            {"name": "If-Match", "in": "header", "required": route.if_match, "schema": {"type": "string"}}
        )
    return headers


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFS.format(model=model.__name__)}
