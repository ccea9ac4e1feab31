"""An order becomes deliveries, once: one for each mail to each address."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import cast

from chalicelib import outbox
from chalicelib.mail.recipients import is_urgent, mails_of, waits_unopened
from chalicelib.outbox import ONCE, Delivery, MailKind, Order, OutboxEntry
from chalicelib.storage.outbox import DigestClosed, DigestOpen
from chalicelib.wiring import Desk


def expand(order: Order, desk: Desk) -> None:
    """Raises NotClaimed where that has been done, or Unavailable."""
    if order.due_at and desk.now() < order.due_at:
        # Its insertion brought it here; housekeeping brings it again when it is due.
        return
    if order.kind == "urgent_waits" and not waits_unopened(order.subject_id, desk):
        desk.store.deliveries.expand(order, [], None, desk.now())
    elif order.kind == "comment_submitted" and _is_gathered(order, desk):
        _expand_into_digest(order, desk)
    else:
        _expand_at_once(order, desk)


def make_delivery(order_id: str, kind: MailKind, subject_id: str, address: str, desk: Desk) -> Delivery:
    """Its id is a function of the order, the kind and the address: expanding again cannot make another."""
    recipient_hmac = desk.hasher.address(address)
    mark = sha256(f"{kind}/{recipient_hmac}".encode()).hexdigest()[:12]
    delivery_id = f"d-{kind}-{subject_id}" if kind in ONCE else f"d{order_id.removeprefix('o')}-{mark}"
    return Delivery(delivery_id, kind, subject_id, address, recipient_hmac, desk.now())


def to_others(of: Delivery | OutboxEntry, addresses: list[str], desk: Desk) -> list[Delivery]:
    """The same mail to staff at `addresses` instead.

    Under the ids that their own of the same order would have: who has one gets no second.
    """
    order_id = f"o{of.id.removeprefix('d').rpartition('-')[0]}"
    kind = cast(MailKind, of.kind)
    made = [make_delivery(order_id, kind, of.subject_id, address, desk) for address in addresses]
    return [replace(delivery, count=of.count) for delivery in made]


def _expand_at_once(order: Order, desk: Desk) -> None:
    deliveries = _deliveries_of(order, desk)
    urgent = any(delivery.kind == "urgent_submitted" for delivery in deliveries)
    wait = timedelta(minutes=desk.settings.urgent_reminder_minutes)
    reminder = outbox.reminder(order.subject_id, order.count + 1, desk.now(), wait) if urgent else None
    desk.store.deliveries.expand(order, deliveries, reminder, desk.now())


def _is_gathered(order: Order, desk: Desk) -> bool:
    return desk.settings.digest_minutes > 0 and not is_urgent(order.subject_id, desk)


def _expand_into_digest(order: Order, desk: Desk) -> None:
    """The first of its stretch of time is mailed at once, the others together at its end."""
    deliveries = _deliveries_of(order, desk)
    if not deliveries:
        return desk.store.deliveries.expand(order, [], None, desk.now())
    digest = outbox.digest(desk.now(), timedelta(minutes=desk.settings.digest_minutes))
    try:
        return desk.store.deliveries.open_digest(order, deliveries, digest, desk.now())
    except DigestOpen:
        pass
    try:
        return desk.store.deliveries.gather(order, digest, desk.now())
    except DigestClosed:
        # Another environment's clock is ahead, and it has been mailed: this one goes by itself.
        return desk.store.deliveries.expand(order, deliveries, None, desk.now())


def _deliveries_of(order: Order, desk: Desk) -> list[Delivery]:
    made = [
        replace(make_delivery(order.id, kind, order.subject_id, address, desk), count=order.count)
        for kind, address in mails_of(order, desk)
    ]
    return list({delivery.id: delivery for delivery in made}.values())
