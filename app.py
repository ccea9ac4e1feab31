"""The Chalice app: registers routes and event handlers, nothing more.

One zip, several functions: the FUNCTION setting says which of them this is, and so what it may do.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from chalice import Chalice

from chalicelib import starting
from chalicelib.api import access
from chalicelib.api.views import load_handlers, register_routes
from chalicelib.deferred import DeferredModule, loaded
from chalicelib.errors import Unauthenticated
from chalicelib.event_log import write_lines
from chalicelib.wiring import Desk, open_desk

# Our lines are JSON (event_log.py): Chalice's handler would put words before each, and no metric came of it.
app = Chalice(app_name="frontdesk", configure_logs=False)
if TYPE_CHECKING:
    from chalicelib.mail import handlers as mail_handlers
else:
    # Loaded below by the functions that use them.
    mail_handlers = DeferredModule("chalicelib.mail.handlers")

# While it packages, Chalice imports this file to read the routes: without settings.
_packaging = "AWS_CHALICE_CLI_MODE" in os.environ
desk: Desk | None = None if _packaging else open_desk(os.environ)
if desk is not None:
    write_lines(desk.settings.log_level)


@cache
def _desk() -> Desk:
    if desk is None:
        raise RuntimeError("no request is served while packaging")
    return desk


def _begin(context: Any) -> Desk:
    at = _desk()
    at.log.begin(str(context.aws_request_id))
    return at


@app.authorizer(ttl_seconds=access.POLICY_TTL_SECONDS)
def authorizer(request: Any) -> Any:
    try:
        return access.authorize(request.token, request.method_arn, _desk())
    except Unauthenticated:
        # This very text is API Gateway's word for a 401.
        raise Exception("Unauthorized") from None


@app.lambda_function(name="relay")
def relay(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return mail_handlers.relay_batch(event, _begin(context))


@app.lambda_function(name="mail")
def mail(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return mail_handlers.mail_batch(event, _begin(context))


@app.lambda_function(name="delivery_events")
def delivery_events(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return mail_handlers.note_event(event, _begin(context))


@app.lambda_function(name="housekeeping")
def housekeeping(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    return mail_handlers.keep_house(_begin(context))


register_routes(app, _desk, authorizer)

if desk is not None:
    # At start, where a function has a whole CPU, and not when the first event comes.
    load_handlers(desk.settings.function)
    if desk.settings.function in ("relay", "mail", "delivery_events", "housekeeping"):
        loaded(mail_handlers.keep_house)
starting.finish()
