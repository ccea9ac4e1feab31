"""Many decisions in one call, each by itself: a bad one does not stop the others."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib import comments
from chalicelib.api import problems
from chalicelib.api.answers import Answer, as_json
from chalicelib.api.counting import count_decision
from chalicelib.api.fields import parse
from chalicelib.api.requests import Request, check_id
from chalicelib.api.schemas import BulkDecision, BulkEnvelope
from chalicelib.api.staff import actor_of
from chalicelib.comments import Comment, Decision
from chalicelib.errors import FieldProblem, FrontdeskError, InvalidFields, RevisionRequired, Unavailable
from chalicelib.wiring import Desk

# API Gateway gives up at 29 s, and one decision can take some seconds where storage is slow. What is not
# begun by then is answered as unavailable: it was not done, and may be sent again.
_TIME_TO_BEGIN = timedelta(seconds=15)


def decide_many(request: Request, desk: Desk) -> Answer:
    sent = parse(BulkEnvelope, request.json_object())
    until = desk.now() + _TIME_TO_BEGIN
    actor = actor_of(request).id
    return as_json(200, {"results": [_decide(entry, actor, until, desk) for entry in sent.decisions]})


def _decide(entry: Any, actor: str, until: datetime, desk: Desk) -> dict[str, Any]:
    shown = {"id": _id_of(entry), "status": 200, "code": None, "revision": None}
    try:
        if desk.now() > until:
            raise Unavailable("bulk")
        return {**shown, "revision": _decide_one(entry, actor, desk).revision}
    except FrontdeskError as error:
        status, code = problems.status_and_code(error)
        return {**shown, "status": status, "code": code}


def _decide_one(entry: Any, actor: str, desk: Desk) -> Comment:
    if not isinstance(entry, dict):
        raise InvalidFields([FieldProblem("decisions", "wrong_type", "This must be an object.")])
    wanted = parse(BulkDecision, entry)
    if wanted.revision is None:
        raise RevisionRequired
    decision = Decision(wanted.status, None, wanted.reason)
    decided = comments.decide(check_id(wanted.id), decision, {wanted.revision}, actor, desk.now(), desk.store)
    count_decision(wanted.status, desk.log)
    return decided


def _id_of(entry: Any) -> str | None:
    """The id as it was sent, where it could be one."""
    sent = entry.get("id") if isinstance(entry, dict) else None
    return sent if isinstance(sent, str) and sent.isascii() and len(sent) <= 64 else None
