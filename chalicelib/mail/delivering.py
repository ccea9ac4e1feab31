"""One outbox id at a time: an order becomes deliveries, a delivery becomes one mail.

pending → sending (lease) → sent
   ↑          ├→ held       SES will not send now: somebody must mend something
   │          ├→ failed     will never be sent
   └──────────┴→ unknown    may or may not have been sent; housekeeping resends it once, marked
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable
from chalicelib.mail.messages import NothingToSend, compose, find_recipients
from chalicelib.mail.outcomes import Outcome, classify, name_of
from chalicelib.outbox import Delivery, Order
from chalicelib.storage.outbox import NotClaimed
from chalicelib.wiring import Desk

# Longer than the mail function's time-out (30 s): who still holds the lease after this is dead.
LEASE = timedelta(seconds=60)
_RETRY_TRANSIENT = timedelta(minutes=2)
_RETRY_HELD = timedelta(minutes=30)


def handle(outbox_id: str, desk: Desk) -> None:
    """Do what the row asks for; doing it twice, or at once in two places, is the same as once.

    Raises Unavailable where it should be brought again.
    """
    row = desk.store.outbox.find(outbox_id)
    try:
        if isinstance(row, Order):
            _expand(row, desk)
        elif row is not None:
            _deliver(row, desk)
    except NotClaimed:
        return


def _expand(order: Order, desk: Desk) -> None:
    deliveries = [_delivery(order, address, desk) for address in dict.fromkeys(find_recipients(order, desk))]
    desk.store.outbox.expand(order, deliveries, desk.now())


def _delivery(order: Order, address: str, desk: Desk) -> Delivery:
    # A function of the order and the address: expanding again cannot make another.
    mark = sha256(desk.hasher.address(address).encode()).hexdigest()[:12]
    return Delivery(f"d{order.id[1:]}-{mark}", order.kind, order.subject_id, address, desk.now())


def _deliver(delivery: Delivery, desk: Desk) -> None:
    # All that reads comes before the claim: who fails there has claimed nothing, and is brought it again.
    if delivery.recipient not in _recipients_now(delivery, desk):
        # Else whoever can put a row into the outbox could have mail sent to an address of theirs. It may
        # also be that the settings or the subject have changed since: then nobody waits for this mail.
        desk.store.outbox.mark_failed(delivery.id, "pending", "nobody_to_mail", desk.now())
        return
    try:
        raw = compose(delivery, desk)
    except NothingToSend:
        desk.store.outbox.mark_failed(delivery.id, "pending", "subject_gone", desk.now())
        return
    desk.store.outbox.claim(delivery, desk.now() + LEASE)
    try:
        answer = desk.ses.send_email(**_request(raw, delivery, desk))
    except (ClientError, BotoCoreError) as error:
        _settle_failure(delivery, error, desk)
    else:
        desk.store.outbox.mark_sent(delivery.id, answer["MessageId"], desk.now())


def _recipients_now(delivery: Delivery, desk: Desk) -> list[str]:
    return find_recipients(Order(delivery.id, delivery.kind, delivery.subject_id, delivery.created_at), desk)


def _request(raw: bytes, delivery: Delivery, desk: Desk) -> dict[str, Any]:
    request: dict[str, Any] = {
        "FromEmailAddress": desk.settings.mail_sender,
        "Destination": {"ToAddresses": [delivery.recipient]},
        "Content": {"Raw": {"Data": raw}},
        # By this tag SES's events find the delivery, even one whose message id was never learnt.
        "EmailTags": [{"Name": "delivery", "Value": delivery.id}],
    }
    if desk.settings.mail_configuration_set:
        request["ConfigurationSetName"] = desk.settings.mail_configuration_set
    return request


def _settle_failure(delivery: Delivery, error: Exception, desk: Desk) -> None:
    outcome = classify(error)
    reason = name_of(error)
    now = desk.now()
    match outcome:
        case Outcome.PERMANENT:
            desk.store.outbox.mark_failed(delivery.id, "sending", reason, now)
        case Outcome.AMBIGUOUS:
            desk.store.outbox.mark_unknown(delivery.id, reason, resent=delivery.resent, at=now)
        case Outcome.HOLD:
            desk.store.outbox.mark(delivery.id, "sending", "held", reason, now + _RETRY_HELD)
        case Outcome.TRANSIENT:
            desk.store.outbox.mark(delivery.id, "sending", "pending", reason, now + _RETRY_TRANSIENT)
            # The queue brings it again; housekeeping would too, later.
            raise Unavailable("SendEmail") from error
