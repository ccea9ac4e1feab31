"""What visitors call: post a comment or an enquiry, read a thread, count, open a form."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from chalicelib import comments, enquiries
from chalicelib.api.answers import Answer, as_json, to_json
from chalicelib.api.counting import count_comment, count_enquiry
from chalicelib.api.cursors import make_cursor, read_cursor
from chalicelib.api.fields import parse, parse_query
from chalicelib.api.forms import answer_form, form_to_json
from chalicelib.api.help import help_lines
from chalicelib.api.requests import JSON, Request
from chalicelib.api.schemas import (
    CommentSubmission,
    CountsRequest,
    EnquirySubmission,
    FeedQuery,
    FormQuery,
    ThreadQuery,
)
from chalicelib.config import LANGUAGES
from chalicelib.errors import FieldProblem, InvalidFields
from chalicelib.judgement.form_tokens import FORM_TOKEN_LIFE, make_form_token, spend_form_token
from chalicelib.judgement.judging import judge
from chalicelib.judgement.proofs import judge_proof, make_challenge
from chalicelib.judgement.reasons import Judgement
from chalicelib.judgement.submitted import Kind, Submitted
from chalicelib.pages import PageRefused
from chalicelib.submissions import Visit
from chalicelib.times import to_text
from chalicelib.wiring import Desk

_COMMENT_THANKS = "Thank you. Your comment will appear once it has been read by our team."
_COMMENT_PUBLISHED = "Thank you. Your comment is on the page."
_ENQUIRY_THANKS = "Thank you. We have your message and will be in touch. Please keep the reference."
# Short: an approval should be seen soon, and a rejection sooner.
_THREAD_MAX_AGE = timedelta(seconds=15)
_FEED_LENGTH = 30
ATOM = "application/atom+xml; charset=utf-8"


def post_comment(request: Request, desk: Desk) -> Answer:
    return answer_form(request, desk, _comment_form, lambda fields: _post_comment(fields, request, desk))


def post_enquiry(request: Request, desk: Desk) -> Answer:
    return answer_form(request, desk, _enquiry_form, lambda fields: _post_enquiry(fields, request, desk))


def _post_comment(fields: dict[str, Any], request: Request, desk: Desk) -> Answer:
    sent = parse(CommentSubmission, fields, _context(desk))
    visit = _visit("comment", sent.form_token, request, desk)
    draft = comments.Draft(
        sent.page, sent.parent_id or None, sent.name, sent.email, sent.message, sent.notify
    )
    judgement = _judge("comment", sent, visit, request, desk)
    receipt = comments.submit_comment(
        draft,
        judgement,
        visit,
        store=desk.store,
        hashing=desk.hasher,
        trust_after=desk.settings.trust_after,
    )
    if receipt.first:
        count_comment(judgement, desk.log, published=receipt.published is not None)
    if receipt.published is not None:
        return _published(receipt.id, receipt.published, draft.page_id, desk)
    held = {"id": receipt.id, "status": "pending", "message": _COMMENT_THANKS, "help": help_lines(desk)}
    return as_json(202, held)


def _published(comment_id: str, public_json: str, page_id: str, desk: Desk) -> Answer:
    shown = {
        "id": comment_id,
        "status": "approved",
        "comment": json.loads(public_json),
        "message": _COMMENT_PUBLISHED,
        "help": help_lines(desk),
    }
    # A comment has no address of its own: it is found in its thread.
    return as_json(201, shown, Location=f"/v1/comments?page={quote(page_id, safe='')}&order=newest")


def _post_enquiry(fields: dict[str, Any], request: Request, desk: Desk) -> Answer:
    sent = parse(EnquirySubmission, fields, _context(desk))
    visit = _visit("enquiry", sent.form_token, request, desk)
    letter = enquiries.Letter(
        sent.name, sent.email, sent.message, sent.phone or None, tuple(sent.contact_by), sent.page
    )
    judgement = _judge("enquiry", sent, visit, request, desk)
    consent = desk.settings.consent_version if sent.consent else None
    receipt = enquiries.submit_enquiry(
        letter,
        sent.topic,
        consent,
        judgement,
        visit,
        store=desk.store,
        hashing=desk.hasher,
    )
    if receipt.first:
        count_enquiry(judgement, desk.log)
    return as_json(
        202, {"reference": receipt.reference, "message": _ENQUIRY_THANKS, "help": help_lines(desk)}
    )


def get_thread(request: Request, desk: Desk) -> Answer:
    """One Query, and no rendering: each comment's public JSON was made when it was approved."""
    query = parse_query(ThreadQuery, request, _context(desk))
    list_name = f"thread/{query.page}/{query.order}"
    place = read_cursor(desk.hasher, list_name, query.cursor)
    after, count_then = place or (None, None)
    thread = desk.store.threads.list_thread(
        query.page, newest_first=query.order == "newest", limit=query.limit, after=after
    )
    # Later stretches do not touch an edge: their count is the one at the listing's beginning.
    count = thread.count if thread.count is not None else count_then or 0
    next_place = [thread.next_position, count] if thread.next_position else None
    cursor = make_cursor(desk.hasher, list_name, next_place)
    body = (
        f'{{"page":{to_json(query.page)},"count":{count},"comments":[{",".join(thread.comments)}],'
        f'"next_cursor":{to_json(cursor)}}}'
    )
    return _cacheable(request, body, JSON)


def get_feed(request: Request, desk: Desk) -> Answer:
    # Imported here: feeds are read rarely, and XML would slow every cold start.
    from chalicelib.api.atom import make_feed  # noqa: PLC0415

    query = parse_query(FeedQuery, request, _context(desk))
    thread = desk.store.threads.list_thread(query.page, newest_first=True, limit=_FEED_LENGTH, after=None)
    url = f"{desk.settings.public_url}{request.route}?page={quote(query.page)}"
    feed = make_feed(query.page, desk.sites.address(query.page), url, thread.comments)
    return _cacheable(request, feed, ATOM)


def count_comments(request: Request, desk: Desk) -> Answer:
    sent = parse(CountsRequest, request.json_object())
    page_ids: dict[str, str] = {}
    problems = []
    for index, page in enumerate(sent.pages):
        try:
            page_ids[page] = desk.sites.page_id(page)
        except PageRefused as refused:
            problems.append(FieldProblem(f"pages.{index}", refused.code, "This is not a page of our sites."))
    if problems:
        raise InvalidFields(problems)
    counts = desk.store.pages.counts(set(page_ids.values()))
    return as_json(200, {"counts": {page: counts[page_id] for page, page_id in page_ids.items()}})


def open_form(request: Request, desk: Desk) -> Answer:
    query = parse_query(FormQuery, request)
    now = desk.now()
    token = make_form_token(query.kind, now, desk.hasher)
    opened = {
        "form_token": token,
        "expires_at": to_text(now + FORM_TOKEN_LIFE),
        "help": help_lines(desk),
    }
    if desk.settings.altcha:
        opened["altcha"] = make_challenge(token, now, desk.settings.altcha_max_number, desk.hasher)
    return as_json(200, opened)


def _comment_form(fields: dict[str, list[str]]) -> dict[str, Any]:
    return form_to_json(CommentSubmission, fields, flags=("notify",))


def _enquiry_form(fields: dict[str, list[str]]) -> dict[str, Any]:
    return form_to_json(EnquirySubmission, fields, flags=("consent",), lists=("contact_by",))


def _visit(kind: str, form_token: str, request: Request, desk: Desk) -> Visit:
    now = desk.now()
    network = desk.hasher.network(request.ip, now.date())
    language = request.language(LANGUAGES, desk.settings.language)
    form = spend_form_token(kind, form_token, desk.hasher)
    return Visit(network, request.idempotency_key(), now, language, form)


def _judge(
    kind: Kind, sent: CommentSubmission | EnquirySubmission, visit: Visit, request: Request, desk: Desk
) -> Judgement:
    submitted = Submitted(
        kind, sent.name, sent.email, sent.message, sent.website, sent.form_token, request.ip
    )
    judgement = judge(submitted, desk.rules, visit.at, desk.hasher)
    if not desk.settings.altcha:
        return judgement
    unproven = judge_proof(sent.altcha, sent.form_token, visit.at, desk.hasher)
    return replace(judgement, reasons=judgement.reasons + unproven)


def _context(desk: Desk) -> dict[str, Any]:
    return {
        "sites": desk.sites,
        "topics": desk.settings.topics,
        "consent_required": desk.settings.consent_required,
    }


def _cacheable(request: Request, body: str, content_type: str) -> Answer:
    etag = f'"{sha256(body.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={int(_THREAD_MAX_AGE.total_seconds())}"}
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Answer(304, headers=headers)
    return Answer(200, body, content_type, headers)


def _matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison, as If-None-Match wants it (RFC 9110, 13.1.2)."""
    given = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in given or given == ["*"]
