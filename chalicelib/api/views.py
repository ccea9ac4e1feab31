"""Registers the routes with Chalice, and gives each call the same treatment.

Every path takes every method, so that a wrong one is our 405 with `Allow`, and OPTIONS is answered for
exactly the configured origins. HEAD is GET whose body the gateway leaves out (RFC 9110, 9.3.2).
"""

import time
from collections.abc import Callable
from typing import Any

from chalice import Chalice, Response

from chalicelib.api import problems
from chalicelib.api.answers import Answer, common_headers, preflight
from chalicelib.api.help import help_lines
from chalicelib.api.requests import Request
from chalicelib.api.routes import PAGES, ROUTES, Route
from chalicelib.api.templates import as_page
from chalicelib.deferred import loaded
from chalicelib.errors import (
    Forbidden,
    FrontdeskError,
    MethodNotAllowed,
    Unavailable,
    WrongFunction,
    place_of,
)
from chalicelib.wiring import Desk

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def register_routes(app: Chalice, desk: Callable[[], Desk], authorizer: Any) -> None:
    for path in dict.fromkeys(route.path for route in ROUTES):
        _register_path(app, desk, authorizer, path, [route for route in ROUTES if route.path == path])


def load_handlers(audience: str) -> None:
    """Import what the routes of an audience need: at start, and not for the first caller."""
    for route in ROUTES:
        if route.audience == audience:
            loaded(route.handler)


def _register_path(
    app: Chalice, desk: Callable[[], Desk], authorizer: Any, path: str, routes: list[Route]
) -> None:
    by_method = {route.method: route for route in routes}
    if "GET" in by_method:
        by_method["HEAD"] = by_method["GET"]
    allowed = (*(m for m in _METHODS if m in by_method), "OPTIONS")
    for method in _METHODS:
        guarded = method != "OPTIONS" and bool(routes[0].roles)
        # No content types: Chalice would take a missing one for JSON, and answer in its own way.
        app.route(path, methods=[method], content_types=[], authorizer=authorizer if guarded else None)(
            _view(app, desk, by_method.get(method), routes[0].audience, allowed)
        )


def _view(
    app: Chalice, desk: Callable[[], Desk], route: Route | None, audience: str, allowed: tuple[str, ...]
) -> Callable[..., Response]:
    def view(**_path: str) -> Response:
        called: Any = app.current_request
        request = Request(called.to_original_event())
        return respond(request, desk(), route, audience, allowed)

    return view


def respond(
    request: Request, desk: Desk, route: Route | None, audience: str, allowed: tuple[str, ...]
) -> Response:
    started = time.perf_counter()
    outcome = ""
    try:
        answer = _answer(request, desk, route, audience, allowed)
    except FrontdeskError as error:
        answer = _refuse(request, problems.to_answer(error, _besides(route, desk)))
        outcome = (
            f"{type(error).__name__}:{error.what}" if isinstance(error, Unavailable) else type(error).__name__
        )
    except Exception as error:
        # The type only: an exception's text can hold a visitor's words.
        answer = _refuse(request, problems.unexpected(_besides(route, desk)))
        outcome = f"unexpected {type(error).__name__} at {place_of(error)}"
    desk.log.begin(request.id)
    desk.log.note(
        "request",
        {
            "route": f"{request.method} {request.route}",
            "status": answer.status,
            "outcome": outcome or "ok",
            "ms": round((time.perf_counter() - started) * 1000, 1),
        },
        failed=answer.status >= 500,
    )
    headers: dict[str, str | list[str]] = {}
    headers |= common_headers(request.headers.get("origin"), desk.settings.sites) | answer.headers
    if answer.status not in (204, 304):
        headers["Content-Type"] = answer.content_type
    return Response(answer.body, headers=headers, status_code=answer.status)


def _refuse(request: Request, problem: Answer) -> Answer:
    return as_page(problem) if request.route in PAGES else problem


def _besides(route: Route | None, desk: Desk) -> dict[str, Any]:
    """Who could not send what they wrote may need the crisis lines most."""
    return {"help": help_lines(desk)} if route and route.takes_forms else {}


def _answer(
    request: Request, desk: Desk, route: Route | None, audience: str, allowed: tuple[str, ...]
) -> Answer:
    if desk.settings.function != audience:
        # Under the wrong role a route fails closed, whatever the gateway was told.
        raise WrongFunction
    if request.method == "OPTIONS":
        return preflight(allowed)
    if route is None:
        raise MethodNotAllowed(allowed)
    if route.roles:
        _check_role(request, route)
    return route.handler(request, desk)


def _check_role(request: Request, route: Route) -> None:
    """Again, after the authorizer: its policy is cached, and reused for other routes."""
    role = request.actor.role if request.actor else "nobody"
    if role not in route.roles:
        raise Forbidden(role)
