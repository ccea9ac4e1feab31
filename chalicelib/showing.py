"""What staff are shown, as JSON: the same words whether they ask through the API or by a command."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.audit import Act, Entry
from chalicelib.comments import Comment
from chalicelib.enquiries import Enquiry
from chalicelib.html_gate import to_html
from chalicelib.judgement.insight import NOTHING, Insight
from chalicelib.judgement.reasons import Reason
from chalicelib.outbox import OutboxEntry
from chalicelib.people import Found
from chalicelib.staff_tokens import StaffToken
from chalicelib.threads import PageThread
from chalicelib.times import to_text


def show_comment(comment: Comment, insight: Insight = NOTHING) -> dict[str, Any]:
    return {
        "id": comment.id,
        "page": comment.page_id,
        "parent_id": comment.parent_id,
        "name": comment.name,
        "email": comment.email,
        "text": comment.text,
        "html": to_html(comment.text),
        "original_text": comment.original_text,
        "status": comment.status,
        "priority": comment.priority,
        "reasons": _show_reasons((*comment.reasons, *insight.reasons)),
        "score": insight.score,
        "created_at": to_text(comment.created_at),
        "decided_at": to_text(comment.decided_at) if comment.decided_at else None,
        "decided_by": comment.decided_by,
        "notify": comment.notify,
        "staff": comment.staff,
        "revision": comment.revision,
        # To take over, or not: what is shown changes by a PATCH alone.
        "proposed_text": insight.proposed_text,
    }


def show_enquiry(enquiry: Enquiry, at: datetime, reply_within: timedelta) -> dict[str, Any]:
    """As it is `at` that time, where an enquiry should have its reply within `reply_within`."""
    letter = enquiry.letter
    waited = enquiry.waiting(at)
    return {
        "reference": enquiry.reference,
        "status": enquiry.status,
        "priority": enquiry.priority,
        "reasons": _show_reasons(enquiry.reasons),
        "name": letter.name,
        "email": letter.email,
        "phone": letter.phone,
        "message": letter.message,
        "topic": enquiry.topic,
        "contact_by": list(letter.contact_by),
        "page": letter.page,
        "consent_version": enquiry.consent_version,
        "comment_id": enquiry.comment_id,
        "created_at": to_text(enquiry.created_at),
        "assignee": enquiry.assignee,
        "notes": [{"at": to_text(n.at), "actor": n.actor, "text": n.text} for n in enquiry.notes],
        "overdue": enquiry.is_overdue(at, reply_within),
        "age_seconds": None if waited is None else int(waited.total_seconds()),
        "revision": enquiry.revision,
    }


def show_delivery(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "subject_id": entry.subject_id,
        "state": entry.state,
        "reason": entry.reason,
        "attempts": entry.attempts,
        "created_at": to_text(entry.created_at),
        "sent_at": to_text(entry.sent_at) if entry.sent_at else None,
    }


def show_page(thread: PageThread) -> dict[str, Any]:
    return {"page": thread.page_id, "closed": thread.closed, "count": thread.count}


def show_token(token: StaffToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "role": token.role,
        "name": token.name,
        "created_at": to_text(token.created_at),
        "revoked_at": to_text(token.revoked_at) if token.revoked_at else None,
    }


def show_found(found: Found, at: datetime, reply_within: timedelta) -> dict[str, list[Any]]:
    """What one step of an export found, by its kinds; times as for `show_enquiry`."""
    return {
        "comments": [show_comment(comment) for comment in found.comments],
        "enquiries": [show_enquiry(enquiry, at, reply_within) for enquiry in found.enquiries],
        "deliveries": [show_delivery(entry) for entry in found.deliveries],
        "suppressions": [
            {"cause": each.cause, "created_at": to_text(each.created_at)} for each in found.suppressions
        ],
        "guard": [{"kind": each.kind, "expires_at": to_text(each.expires_at)} for each in found.guard],
        "audit": [show_entry(entry) for entry in found.audit],
    }


def show_act(act: Act) -> dict[str, Any]:
    return {
        "at": to_text(act.at),
        "actor": act.actor,
        "action": act.action,
        "from": act.before,
        "to": act.after,
        "reason": act.reason,
    }


def show_entry(entry: Entry) -> dict[str, Any]:
    act = entry.act
    return {
        **show_act(act),
        "subject": act.subject,
        "sequence": entry.sequence,
        "ids": list(act.read_ids),
    }


def _show_reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text} for reason in reasons]
