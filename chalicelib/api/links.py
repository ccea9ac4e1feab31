"""What a link from a mail opens, without signing in: the link is the credential.

Programs that read mail open its links too, so GET and HEAD change nothing; the page's button does, by POST.
"""

from datetime import datetime, timedelta

from chalicelib import comments
from chalicelib.api.answers import Answer
from chalicelib.api.counting import count_decision
from chalicelib.api.fields import parse
from chalicelib.api.forms import form_to_json
from chalicelib.api.requests import Request
from chalicelib.api.schemas import LinkDecision
from chalicelib.api.templates import render_page
from chalicelib.audit import Act
from chalicelib.comments import Comment, Decision
from chalicelib.decision_links import LINK_LIFE, DecisionLink, check_in_force, read_decision_link
from chalicelib.errors import IllegalTransition, LinkEnded, NotFound, StaleRevision, UnsupportedMediaType
from chalicelib.judgement.insight import look_at
from chalicelib.wiring import Desk

# A program that opens the link again and again must not fill the audit trail: one entry an hour.
_ONE_READING = timedelta(hours=1)
_LONGEST_TOKEN = 500
_LABELS = {"approved": "Approve", "rejected": "Reject", "spam": "Spam"}
_HEADERS = {
    "X-Robots-Tag": "noindex",
    # Not even a script of ours: this page has none.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def show_comment(request: Request, desk: Desk) -> Answer:
    link = _read_link(request, desk)
    comment = _get_comment(link, desk)
    if comment.revision != link.revision:
        return _tell(409, "Decided already", comment)
    # A chain of its own, as for lists: how often a link is opened is not the comment's history.
    act = Act(f"comments/{link.actor}", link.actor, "read", desk.now(), read_ids=(comment.id,))
    desk.store.record_reading(act, unless_within=_ONE_READING)
    insight = look_at(comment, desk.rules, desk.store.find_model)
    return _page(
        200,
        "moderate.html",
        # Field by field, so that the address cannot come to be shown.
        comment={
            "name": comment.name,
            "page": comment.page_id,
            "text": comment.text,
            "urgent": comment.priority == "urgent",
            "readable": comment.readable,
            "answers_another": comment.parent_id is not None,
            "written_at": _for_people(comment.created_at),
        },
        reasons=[reason.text for reason in (*comment.reasons, *insight.reasons)],
        choices=[
            {"status": status, "label": label}
            for status, label in _LABELS.items()
            if status != comment.status
        ],
        ends_at=_for_people(link.issued_at + LINK_LIFE),
    )


def decide(request: Request, desk: Desk) -> Answer:
    link = _read_link(request, desk)
    if not request.is_form:
        raise UnsupportedMediaType
    wanted = parse(LinkDecision, form_to_json(LinkDecision, request.form_fields(), flags=()))
    try:
        comment = comments.decide(
            link.comment_id, Decision(wanted.status), {link.revision}, link.actor, desk.now(), desk.store
        )
    except NotFound:
        raise LinkEnded from None
    except (StaleRevision, IllegalTransition):
        return _tell(409, "Decided already", _get_comment(link, desk))
    count_decision(wanted.status, desk.log)
    return _tell(200, "Done", comment)


def _read_link(request: Request, desk: Desk) -> DecisionLink:
    """Raises NotFound or LinkEnded."""
    link = read_decision_link(request.path("token", _LONGEST_TOKEN), desk.now(), desk.link_hasher)
    check_in_force(link, desk.store)
    return link


def _get_comment(link: DecisionLink, desk: Desk) -> Comment:
    """Raises LinkEnded where the comment was erased, or has expired."""
    try:
        return desk.store.get_comment(link.comment_id)
    except NotFound:
        raise LinkEnded from None


def _tell(status: int, title: str, comment: Comment) -> Answer:
    return _page(status, "moderated.html", title=title, comment_status=comment.status)


def _page(status: int, template: str, **variables: object) -> Answer:
    page = render_page(status, template, **variables)
    page.headers |= _HEADERS
    return page


def _for_people(at: datetime) -> str:
    return f"{at:%d %B %Y, %H:%M} UTC".removeprefix("0")
