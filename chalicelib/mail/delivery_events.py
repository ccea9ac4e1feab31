"""What SES reports about a mail, after it was handed over: idempotent, and right in any order.

The events are those of a configuration set's event destination
(https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html). A delivery is
found by the tag that its mail was sent with, for the report can overtake the message id.
"""

from typing import Any

from chalicelib.errors import NotFound
from chalicelib.mail.expanding import make_delivery, to_others
from chalicelib.outbox import STAFF_MAIL, Delivery, OutboxEntry, State
from chalicelib.storage.outbox import NotClaimed, Report
from chalicelib.storage.suppressions import Cause
from chalicelib.wiring import Desk

# SES took it, whatever we made of its answer: what waits to be sent again does not have to be.
_UNDER_WAY: tuple[State, ...] = ("pending", "sending", "held", "unknown")
# report: (states that it moves on, to which state, why). A state that is not named is further already.
_MOVES: dict[str, tuple[tuple[State, ...], State, str | None]] = {
    "Send": (_UNDER_WAY, "sent", None),
    "DeliveryDelay": ((*_UNDER_WAY, "sent"), "sent", "delayed"),
    "Delivery": ((*_UNDER_WAY, "sent"), "delivered", None),
    "Bounce": ((*_UNDER_WAY, "sent", "delivered"), "failed", "bounce"),
    "Reject": ((*_UNDER_WAY, "sent"), "failed", "reject"),
    "Complaint": ((*_UNDER_WAY, "sent", "delivered"), "failed", "complaint"),
}


def note_report(detail: dict[str, Any], desk: Desk) -> dict[str, str]:
    """Return the delivery's id and its new state, or "unchanged". Raises Unavailable."""
    name = str(detail.get("eventType", ""))
    mail = detail.get("mail", {})
    delivery_id = _tag(mail, "delivery")
    if name not in _MOVES or not delivery_id:
        return {"report": name, "state": "unchanged"}
    before, after, reason = _MOVES[name]
    attempt = _tag(mail, "attempt")
    report = Report(
        delivery_id, int(attempt) if attempt.isdecimal() else 1, before, after, reason, mail.get("messageId")
    )
    try:
        entry = desk.store.outbox_entries.get(delivery_id)
        instead = _instead(entry, desk) if after == "failed" else []
        desk.store.deliveries.note_report(report, _suppressing(name, detail, entry), instead, desk.now())
    except (NotFound, NotClaimed):
        return {"report": name, "delivery": delivery_id, "state": "unchanged"}
    # By this word the stack's alarm tells mail that staff did not get (infra/alarms.yaml).
    to = "staff" if entry.kind in STAFF_MAIL else "visitor"
    return {"report": name, "delivery": delivery_id, "kind": entry.kind, "to": to, "state": after}


def _suppressing(name: str, detail: dict[str, Any], entry: OutboxEntry) -> tuple[str, Cause] | None:
    """Whether the address is to be mailed no more. A full mailbox is one that will be emptied."""
    if entry.recipient_hmac is None:
        return None
    if name == "Complaint":
        return entry.recipient_hmac, "complaint"
    if name == "Bounce" and detail.get("bounce", {}).get("bounceType", "Permanent") == "Permanent":
        return entry.recipient_hmac, "bounce"
    return None


def _instead(entry: OutboxEntry, desk: Desk) -> list[Delivery]:
    """To the second address: what staff did not get, and word that they did not."""
    fallback = desk.settings.mail_fallback
    if fallback is None or entry.kind not in STAFF_MAIL or entry.kind == "mail_bounced":
        return []
    if desk.hasher.address(fallback) == entry.recipient_hmac:
        # It was the second address itself.
        return []
    word = make_delivery(f"o{entry.id}", "mail_bounced", entry.id, fallback, desk)
    return [*to_others(entry, [fallback], desk), word]


def _tag(mail: dict[str, Any], name: str) -> str:
    values = mail.get("tags", {}).get(name, [])
    return str(values[0]) if values else ""
