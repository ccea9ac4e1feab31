"""Which mail an order becomes: to whom, with what subject, from which template.

Staff mail is content-free unless the setting says otherwise: what arrived, its reference, a link.
Subjects are discreet always, for they light up on locked screens.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.mail.rendering import render
from chalicelib.outbox import Delivery, Order
from chalicelib.wiring import Desk


class NothingToSend(Exception):
    """What the mail was about is gone: erased, or expired."""


@dataclass(frozen=True)
class _Kind:
    template: str
    subject: str
    link: str


_KINDS = {
    "comment_submitted": _Kind(
        "comment_submitted", "Website: one item awaits a decision", "/console#/comments/"
    ),
    "enquiry_submitted": _Kind("enquiry_submitted", "Website: message {reference}", "/console#/enquiries/"),
}


def find_recipients(order: Order, desk: Desk) -> list[str]:
    """Return the addresses that `order` is to be mailed to; none where nobody needs to know."""
    settings = desk.settings
    try:
        if order.kind == "comment_submitted":
            # Spam waits for nobody.
            return (
                list(settings.moderators)
                if desk.store.comments.get(order.subject_id).status != "spam"
                else []
            )
        if order.kind == "enquiry_submitted":
            enquiry = desk.store.enquiries.get(order.subject_id)
            # A topic that has been removed from the settings since: admissions see to it.
            to = settings.topics.get(enquiry.topic, settings.topics["admissions"])
            return list(to) if enquiry.status != "spam" else []
    except NotFound:
        return []
    return []


def compose(delivery: Delivery, desk: Desk) -> bytes:
    """Return the raw message. Raises NothingToSend."""
    kind = _KINDS[delivery.kind]
    full = desk.settings.mail_full_text
    variables: dict[str, Any] = {
        "reference": delivery.subject_id,
        "link": f"{desk.settings.public_url}{kind.link}{delivery.subject_id}",
    }
    if full:
        variables["item"] = _read_item(delivery, desk)
    return render(
        f"{kind.template}_full" if full else kind.template,
        variables,
        sender=desk.settings.mail_sender,
        recipient=delivery.recipient,
        subject=kind.subject.format(reference=delivery.subject_id),
        delivery_id=delivery.id,
    )


def _read_item(delivery: Delivery, desk: Desk) -> dict[str, Any]:
    try:
        if delivery.kind == "enquiry_submitted":
            enquiry = desk.store.enquiries.get(delivery.subject_id)
            return {**vars(enquiry.letter), "topic": enquiry.topic}
        comment = desk.store.comments.get(delivery.subject_id)
    except NotFound:
        raise NothingToSend from None
    message = comment.original_text
    return {"name": comment.name, "email": comment.email, "message": message, "page": comment.page_id}
