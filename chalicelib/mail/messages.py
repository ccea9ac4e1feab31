"""What a mail says: which template, in which language, with which links.

Staff mail is content-free unless the setting says otherwise: what arrived, its reference, a link.
Subjects are discreet always, for they light up on locked screens.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.comments import Comment
from chalicelib.config import LANGUAGES, Language
from chalicelib.decision_links import make_decision_link
from chalicelib.enquiries import Enquiry
from chalicelib.errors import NotFound
from chalicelib.mail.rendering import render
from chalicelib.outbox import STAFF_MAIL, Delivery, MailKind
from chalicelib.pages import PageRefused
from chalicelib.unsubscribing import make_unsubscribe_token
from chalicelib.wiring import Desk

Variables = dict[str, Any]
_HAS_FULL_TEXT = ("comment_submitted", "enquiry_submitted")


class NothingToSend(Exception):
    """What the mail was about is gone: erased, or expired."""


def compose(delivery: Delivery, desk: Desk) -> bytes:
    """Return the raw message. Raises NothingToSend or Unavailable."""
    settings = desk.settings
    full = settings.mail_full_text and delivery.kind in _HAS_FULL_TEXT
    unsubscribe = _unsubscribe_link(delivery, desk)
    try:
        variables = _VARIABLES[delivery.kind](delivery, desk) | {
            "resent": delivery.resent,
            "unsubscribe": unsubscribe,
        }
        item = _read_item(delivery, desk) if full else None
        language = _language(delivery, desk)
    except (NotFound, PageRefused):
        raise NothingToSend from None
    return render(
        f"{delivery.kind}_full" if full else delivery.kind,
        language,
        {**variables, "resent": delivery.resent, "unsubscribe": unsubscribe, "item": item},
        sender=settings.mail_sender,
        recipient=delivery.recipient,
        delivery_id=delivery.id,
        at=desk.now(),
        reply_to=_reply_to(item) if item and delivery.kind == "enquiry_submitted" else None,
        unsubscribe=unsubscribe,
    )


def _of_comment(delivery: Delivery, desk: Desk) -> Variables:
    comment = desk.store.comments.get(delivery.subject_id)
    token = make_decision_link(comment.id, comment.revision, delivery.id, desk.now(), desk.link_hasher)
    return {
        "link": _console(f"/comments/{comment.id}", desk),
        "decision_link": f"{desk.settings.public_url}/moderate/{token}",
        "reference": comment.id,
    }


def _of_digest(delivery: Delivery, desk: Desk) -> Variables:
    minutes = desk.settings.digest_minutes
    return {"link": _console("/comments", desk), "count": delivery.count, "minutes": minutes}


def _of_enquiry(delivery: Delivery, desk: Desk) -> Variables:
    reference = delivery.subject_id
    return {"link": _console(f"/enquiries/{reference}", desk), "reference": reference}


def _of_urgent(delivery: Delivery, desk: Desk) -> Variables:
    if delivery.subject_id.startswith("c"):
        return {"link": _console(f"/comments/{delivery.subject_id}", desk), "reminder": delivery.count}
    return {**_of_enquiry(delivery, desk), "reminder": delivery.count}


def _of_bounced(delivery: Delivery, desk: Desk) -> Variables:
    bounced = desk.store.outbox_entries.get(delivery.subject_id)
    return {"bounced_kind": bounced.kind, "bounced_id": bounced.id}


def _of_received(delivery: Delivery, desk: Desk) -> Variables:
    lines = [line.model_dump() for line in desk.settings.help_lines]
    return {"reference": delivery.subject_id, "help": {"text": desk.settings.help_text, "lines": lines}}


def _of_author(delivery: Delivery, desk: Desk) -> Variables:
    page_id = desk.store.comments.get(delivery.subject_id).page_id
    return {"page_url": desk.sites.address(page_id)}


# What each mail's templates are given; each raises NotFound or PageRefused.
_VARIABLES: dict[MailKind, Callable[[Delivery, Desk], Variables]] = {
    "comment_submitted": _of_comment,
    "comment_digest": _of_digest,
    "enquiry_submitted": _of_enquiry,
    "urgent_submitted": _of_urgent,
    "mail_bounced": _of_bounced,
    "enquiry_received": _of_received,
    "comment_published": _of_author,
    "comment_answered": _of_author,
}


def _console(place: str, desk: Desk) -> str:
    return f"{desk.settings.public_url}/console#{place}"


def _unsubscribe_link(delivery: Delivery, desk: Desk) -> str | None:
    """Only what an author asked for has a link to stop it: an answer to an enquiry comes once."""
    if delivery.kind not in ("comment_published", "comment_answered"):
        return None
    token = make_unsubscribe_token(desk.hasher.address(delivery.recipient), desk.hasher)
    return f"{desk.settings.public_url}/unsubscribe/{token}"


def _language(delivery: Delivery, desk: Desk) -> Language:
    """Staff have one; a visitor is mailed in that in which they wrote to us."""
    if delivery.kind in STAFF_MAIL:
        return desk.settings.language
    wrote = _who_is_mailed(delivery, desk).language
    return next((language for language in LANGUAGES if language == wrote), desk.settings.language)


def _who_is_mailed(delivery: Delivery, desk: Desk) -> Comment | Enquiry:
    if delivery.kind == "enquiry_received":
        return desk.store.enquiries.get(delivery.subject_id)
    comment = desk.store.comments.get(delivery.subject_id)
    if delivery.kind == "comment_answered" and comment.parent_id:
        return desk.store.comments.get(comment.parent_id)
    return comment


def _reply_to(item: Variables) -> str | None:
    """Where a reply by mail could do the enquirer harm, none is offered at a click."""
    return item["email"] if not item["contact_by"] or "email" in item["contact_by"] else None


def _read_item(delivery: Delivery, desk: Desk) -> Variables:
    """Raises NotFound."""
    if delivery.kind == "enquiry_submitted":
        enquiry = desk.store.enquiries.get(delivery.subject_id)
        return {**vars(enquiry.letter), "topic": enquiry.topic}
    comment = desk.store.comments.get(delivery.subject_id)
    message = comment.original_text
    return {"name": comment.name, "email": comment.email, "message": message, "page": comment.page_id}
