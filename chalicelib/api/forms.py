"""Plain HTML forms, for people without JavaScript: the same submissions, answered with small pages."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from chalicelib.api import problems
from chalicelib.api.answers import Answer, form_page_policy
from chalicelib.api.help import help_lines
from chalicelib.api.requests import Request
from chalicelib.api.templates import render_page
from chalicelib.errors import FrontdeskError
from chalicelib.pages import PageRefused
from chalicelib.wiring import Desk

_TRUE = ("on", "true", "1", "yes")
# What a form that could not be taken shows again, or sends again unseen. The honeypot is neither.
_LABELS = {"name": "Name", "email": "Email", "phone": "Phone", "message": "Message", "consent": "Consent"}
_SHOWN_AGAIN = {"name": "text", "email": "text", "phone": "text", "message": "area", "consent": "check"}
_KEPT_HIDDEN = ("page", "parent_id", "topic", "contact_by", "notify", "form_token", "altcha", "next")


def answer_form(
    request: Request,
    desk: Desk,
    to_fields: Callable[[dict[str, list[str]]], dict[str, Any]],
    post: Callable[[dict[str, Any]], Answer],
) -> Answer:
    """Take a submission as JSON or as a form, and answer in kind."""
    if not request.is_form:
        return post(request.json_object())
    fields: dict[str, list[str]] = {}
    try:
        fields = request.form_fields()
        answer = post(to_fields(fields))
    except FrontdeskError as error:
        return _failed(request, error, fields, desk)
    return _done(answer, fields, desk)


def form_to_json(
    model: type[BaseModel],
    fields: dict[str, list[str]],
    flags: tuple[str, ...],
    lists: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A form's fields as the JSON body would have them. Unknown fields are left out; so are empty ones,
    for a form sends every field, filled or not."""
    body: dict[str, Any] = {}
    for name in model.model_fields:
        given = [value for value in fields.get(name, []) if value != ""]
        if name in lists:
            body[name] = given
        elif given:
            body[name] = given[-1].lower() in _TRUE if name in flags else given[-1]
    return body


def _done(answer: Answer, fields: dict[str, list[str]], desk: Desk) -> Answer:
    wanted = fields.get("next", [""])[-1]
    # Under a redirect too, for who does not follow it (RFC 9110, 15.4.4): help lines go with every answer.
    page = render_page(200, "form_done.html", done=_json_of(answer))
    # No `next`, or one that leads away from our sites: then the page of ours.
    with suppress(PageRefused):
        page.headers["Location"] = desk.sites.address(wanted)
        page.status = 303
    return page


def _failed(request: Request, error: FrontdeskError, fields: dict[str, list[str]], desk: Desk) -> Answer:
    answer = problems.to_answer(error)
    problem = _json_of(answer)
    page = render_page(
        answer.status,
        "form_failed.html",
        title=problem["title"],
        detail=problem["detail"],
        errors=[{**e, "label": _LABELS.get(e["field"], e["field"])} for e in problem["errors"]],
        fields=_typed_again(fields, problem["errors"]),
        action=request.route,
        help=help_lines(desk),
    )
    page.headers |= answer.headers
    # Sent again from this page, it may be answered with the way to `next`, on another of our origins;
    # browsers hold such a redirect to form-action too (CSP 3, 6.4.2).
    page.headers["Content-Security-Policy"] = form_page_policy(desk.settings.sites)
    return page


def _typed_again(fields: dict[str, list[str]], errors: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What was typed, to be sent again; a field that was missing altogether is there to be filled in."""
    missing = {error["field"] for error in errors} - fields.keys()
    again: list[dict[str, Any]] = []
    for name, kind in _SHOWN_AGAIN.items():
        for value in fields.get(name, [""] if name in missing else []):
            checked = kind == "check" and value != ""
            shown = "true" if kind == "check" else value
            again.append(
                {"name": name, "value": shown, "kind": kind, "label": _LABELS[name], "checked": checked}
            )
    for name in _KEPT_HIDDEN:
        again += [{"name": name, "value": value, "kind": "hidden"} for value in fields.get(name, [])]
    return again


def _json_of(answer: Answer) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(answer.body)
    return parsed
