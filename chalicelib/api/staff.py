"""What staff call. Who they are was told by the authorizer; what their role may do is checked here again."""

from datetime import timedelta
from typing import Any

from chalicelib import comments, credentials, enquiries, handovers, staff_tokens, threads
from chalicelib.api.answers import Answer, as_json, to_json
from chalicelib.api.counting import count_decision, count_enquiry_change
from chalicelib.api.cursors import make_cursor, read_cursor
from chalicelib.api.fields import parse, parse_query
from chalicelib.api.requests import Request
from chalicelib.api.schemas import (
    CommentChange,
    CommentsQuery,
    EnquiriesQuery,
    EnquiryChange,
    ListQuery,
    NewToken,
    Reply,
)
from chalicelib.comments import Comment, Decision
from chalicelib.enquiries import Enquiry
from chalicelib.errors import FieldProblem, InvalidFields, Unauthenticated
from chalicelib.ids import heard_reference
from chalicelib.judgement.insight import look_at, look_closely
from chalicelib.readings import note_list, note_reading
from chalicelib.showing import show_act, show_comment, show_enquiry, show_token
from chalicelib.staff_tokens import Actor
from chalicelib.submissions import Visit
from chalicelib.wiring import Desk


def list_comments(request: Request, desk: Desk) -> Answer:
    query = parse_query(CommentsQuery, request, {"sites": desk.sites})
    list_name = to_json(["comments", query.status, query.page, query.order])
    found = desk.store.comments.list_by_status(
        query.status,
        newest_first=query.order == "newest",
        limit=query.limit,
        after=read_cursor(desk.hasher, list_name, query.cursor),
        page_id=query.page,
    )
    _note_list("comments", [c.id for c in found.comments], request, desk)
    shown = [_show_comment(comment, desk) for comment in found.comments]
    return as_json(
        200, {"comments": shown, "next_cursor": make_cursor(desk.hasher, list_name, found.next_key)}
    )


def get_comment(request: Request, desk: Desk) -> Answer:
    comment = desk.store.comments.get(request.path("comment_id"))
    note_reading(comment.id, actor_of(request).id, desk.now(), desk.store)
    insight = look_closely(
        comment,
        desk.rules,
        desk.store.find_model,
        desk.store.comments.list_times_before,
        desk.address_rate,
    )
    shown = {**show_comment(comment, insight), "history": _history(comment.id, desk)}
    return _with_revision(shown, comment.revision)


def patch_comment(request: Request, desk: Desk) -> Answer:
    revisions = request.seen_revisions()
    change = parse(CommentChange, request.json_object())
    if change.status is None and change.text is None:
        raise InvalidFields([FieldProblem("status", "required", "Say a status, a text, or both.")])
    comment = comments.decide(
        request.path("comment_id"),
        Decision(change.status, change.text, change.reason),
        revisions,
        actor_of(request).id,
        desk.now(),
        desk.store,
    )
    count_decision(change.status, desk.log)
    return _with_revision(_show_comment(comment, desk), comment.revision)


def delete_comment(request: Request, desk: Desk) -> Answer:
    revisions = request.seen_revisions(required=False)
    comments.erase(request.path("comment_id"), revisions, actor_of(request).id, desk.now(), desk.store)
    return Answer(204, headers={"Cache-Control": "no-store"})


def reply_to_comment(request: Request, desk: Desk) -> Answer:
    sent = parse(Reply, request.json_object())
    # Staff are not counted by their network, so it is not looked at.
    visit = Visit("", request.idempotency_key(), desk.now())
    answer = threads.reply(
        request.path("comment_id"),
        sent.name or desk.settings.staff_name,
        sent.message,
        visit,
        actor_of(request).id,
        store=desk.store,
        hashing=desk.hasher,
    )
    return as_json(
        201,
        _show_comment(answer, desk),
        Location=f"/v1/staff/comments/{answer.id}",
        ETag=f'"{answer.revision}"',
    )


def hand_over_comment(request: Request, desk: Desk) -> Answer:
    reference = handovers.hand_over(
        request.path("comment_id"),
        "admissions",
        actor_of(request).id,
        desk.now(),
        store=desk.store,
        hashing=desk.hasher,
    )
    return as_json(201, {"reference": reference})


def list_enquiries(request: Request, desk: Desk) -> Answer:
    query = parse_query(EnquiriesQuery, request)
    list_name = to_json(["enquiries", query.status, query.topic, query.order])
    found = desk.store.enquiries.list_by_status(
        query.status,
        newest_first=query.order == "newest",
        limit=query.limit,
        after=read_cursor(desk.hasher, list_name, query.cursor),
        topic=query.topic,
    )
    _note_list("enquiries", [e.reference for e in found.enquiries], request, desk)
    shown = [_show_enquiry(enquiry, desk) for enquiry in found.enquiries]
    return as_json(
        200, {"enquiries": shown, "next_cursor": make_cursor(desk.hasher, list_name, found.next_key)}
    )


def get_enquiry(request: Request, desk: Desk) -> Answer:
    enquiry = desk.store.enquiries.get(heard_reference(request.path("reference")))
    note_reading(enquiry.reference, actor_of(request).id, desk.now(), desk.store)
    shown = {**_show_enquiry(enquiry, desk), "history": _history(enquiry.reference, desk)}
    return _with_revision(shown, enquiry.revision)


def patch_enquiry(request: Request, desk: Desk) -> Answer:
    revisions = request.seen_revisions()
    sent = parse(EnquiryChange, request.json_object())
    assign = "assignee" in sent.model_fields_set
    if sent.status is None and not assign and sent.note is None:
        raise InvalidFields([FieldProblem("status", "required", "Say a status, an assignee, or a note.")])
    enquiry = enquiries.change_enquiry(
        heard_reference(request.path("reference")),
        enquiries.EnquiryChange(sent.status, assign, sent.assignee, sent.note),
        revisions,
        actor_of(request).id,
        desk.now(),
        desk.store,
    )
    count_enquiry_change(sent.status, desk.log)
    return _with_revision(_show_enquiry(enquiry, desk), enquiry.revision)


def list_tokens(request: Request, desk: Desk) -> Answer:
    query = parse_query(ListQuery, request)
    list_name = f"tokens/{query.order}"
    found = desk.store.staff.list(
        query.limit,
        read_cursor(desk.hasher, list_name, query.cursor),
        newest_first=query.order == "newest",
    )
    shown = [show_token(token) for token in found.tokens]
    return as_json(200, {"tokens": shown, "next_cursor": make_cursor(desk.hasher, list_name, found.next_key)})


def post_token(request: Request, desk: Desk) -> Answer:
    wanted = parse(NewToken, request.json_object())
    token, secret = staff_tokens.add_token(
        wanted.role, wanted.name, actor_of(request).id, desk.now(), desk.store
    )
    return as_json(201, {**show_token(token), "secret": secret}, Location=f"/v1/staff/tokens/{token.id}")


def delete_token(request: Request, desk: Desk) -> Answer:
    credentials.revoke(request.path("token_id"), actor_of(request).id, desk.now(), desk.store)
    return Answer(204, headers={"Cache-Control": "no-store"})


def actor_of(request: Request) -> Actor:
    if request.actor is None:
        raise Unauthenticated
    return request.actor


def _note_list(subject: str, ids: list[str], request: Request, desk: Desk) -> None:
    note_list(subject, ids, actor_of(request).id, desk.now(), desk.store)


def _history(subject: str, desk: Desk) -> list[dict[str, Any]]:
    return [show_act(entry.act) for entry in desk.store.audit.recent(subject)]


def _with_revision(shown: dict[str, Any], revision: int) -> Answer:
    return as_json(200, shown, ETag=f'"{revision}"')


def _show_comment(comment: Comment, desk: Desk) -> dict[str, Any]:
    return show_comment(comment, look_at(comment, desk.rules, desk.store.find_model))


def _show_enquiry(enquiry: Enquiry, desk: Desk) -> dict[str, Any]:
    return show_enquiry(enquiry, desk.now(), timedelta(hours=desk.settings.reply_hours))
